"""Every address of the admin, whoever registered it, over data whose words are Japanese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bs4 import BeautifulSoup
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.urls import URLPattern, URLResolver, reverse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from bodies.models import Link, Mandate, Note, Relation, Seat, Status
from plans.models import Indicator, PlanKind
from portal import batches
from portal.journal import recording
from portal.models import Change, ChangeKind, Source
from projects.models import Succession, SuccessionKind
from tests import factories

STANDARD = {"changelist", "add", "change", "delete", "history"}


@dataclass
class World:
    """One row of each kind, by the model's label; where the state matters, a draft here and the rest in `others`."""

    rows: dict[str, models.Model] = field(default_factory=dict)
    others: dict[str, dict[str, models.Model]] = field(default_factory=dict)  # state: label: row

    def row(self, label: str, state: str = "") -> models.Model | None:
        return self.others[state].get(label) if state else self.rows.get(label)


def world() -> World:
    """Codes have one letter, so that every longer word of a page is the page's own."""
    source = factories.source("s1", title="資料の題名", issuer="発行者")
    structures: dict[str, dict[str, models.Model]] = {}
    for number, status in enumerate([Status.PUBLISHED, Status.DRAFT], start=1):
        structure = factories.structure(f"e{number}", title=f"体制の{number}", status=status, source=source)
        top = factories.place(structure, f"b{number}", name="推進本部", source=source)
        place = factories.place(structure, f"b{number}0", parent=top, name="調査会", source=source)
        mandate = Mandate.objects.create(placement=place, code="m1", text="調査する。", source=source)
        Seat.objects.create(placement=place, code="m2", post="会長", holder="学識者", source=source)
        Note.objects.create(placement=place, mandate=mandate, code="m3", marker="＊1", text="注の文。", source=source)
        Link.objects.create(
            from_placement=place, to_placement=top, kind=Relation.choices[0][0], source=source, label="事務"
        )
        structures[status] = {"bodies.structure": structure, "bodies.placement": place, "bodies.body": place.body}
    plans: dict[str, dict[str, models.Model]] = {}
    for number, standing in enumerate(["published", "draft"], start=1):
        plan = factories.plan(f"p{number}", title=f"計画の{number}", status=standing, kind=PlanKind.PLAN, source=source)
        section = factories.section(plan, "1", heading="現状認識", source=source)
        indicator = factories.indicator(f"i{number}", name="導出件数", source=source)
        target = factories.target(plan, f"t{number}", name="導出の目標", indicator=indicator, source=source)
        observation = factories.observation(plan, f"o{number}", 2025, 100, indicator=indicator, source=source)
        first = factories.project(plan, f"j{number}", name="医薬品", source=source)
        second = factories.project(plan, f"j{number}0", name="医療機器", source=source)
        plans[standing] = {
            "plans.plan": plan,
            "plans.section": section,
            "plans.indicator": indicator,
            "plans.target": target,
            "plans.observation": observation,
            "projects.project": first,
            "projects.programme": factories.programme(f"g{number}", first, name="創薬の事業", source=source),
            "projects.budget": factories.budget(plan, f"f{number}", source=source, text="1億円"),
            "projects.succession": Succession.objects.create(
                code=f"s{number}", predecessor=first, successor=second, kind=SuccessionKind.KEPT, source=source
            ),
        }
    # What the factories make beside, by their own defaults.
    Source.objects.filter(code="slides").update(code="s2", title="ほかの資料")
    Indicator.objects.filter(code="deals").update(code="i3", name="ほかの指標")
    with recording(ChangeKind.EDIT, about="資料の題名"):
        source.remark = "備考の文。"
        source.save()
    names: dict[str, models.Model] = {
        "portal.source": source,
        "portal.change": Change.objects.get(),
        "auth.user": User.objects.create_user("花子", last_name="山田", first_name="花子", is_staff=True),
        "auth.group": Group.objects.get(name="Editors"),
    }
    TOTPDevice.objects.create(user=names["auth.user"])
    StaticDevice.objects.create(user=names["auth.user"])
    found = World(names | structures[Status.DRAFT] | plans["draft"])
    found.others["published"] = structures[Status.PUBLISHED] | plans["published"]
    # A batch that waits, with a column set aside; one that was loaded stands where others are published.
    done = batches.draft("出典", "コード,資料名\ns3,別の資料\n".encode())
    batches.confirm(done, None, reason="理由")
    waiting = "コード,資料名,ページ\ns1,資料の題,3\ns4,また別の資料,5\n".encode()
    found.rows["portal.batch"] = batches.draft("出典", waiting, ["ページ"])
    found.others["published"]["portal.batch"] = done
    return found


@dataclass(frozen=True)
class Address:
    """An address of the admin: where, under which name, and which row it is about (`""`: none, or the draft)."""

    path: str
    name: str
    view: str  # "change", or the whole name where it is none of the usual ones
    label: str  # of the model on whose pages it is; empty for those of the site
    state: str = ""

    def __str__(self) -> str:
        return f"{self.name or self.path}{' of what is ' + self.state if self.state else ''}"


def _patterns(patterns: list[Any], before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _patterns(each.url_patterns, before + str(each.pattern))
        else:
            yield before, each


def addresses(world: World, language: str = "") -> list[Address]:
    """All of them, each opened with a row of the world; what needs a row that the world has not is left out."""
    found = []
    for before, pattern in _patterns(admin.site.get_urls()):
        label = ".".join(before.strip("/").split("/")) if before else ""
        name = pattern.name or ""
        view = name.rsplit("_", 1)[-1]
        if not label or name != f"{label.replace('.', '_')}_{view}" or view not in STANDARD:
            view = name
        parameters = set(pattern.pattern.regex.groupindex)
        states = ["", *world.others] if parameters and name and view != "history" else [""]
        for state in states:
            for chosen in _chosen(parameters, label, state, world):
                path = _path(before, pattern, name, chosen)
                found.append(Address(path, name, view, label, state))
    return list(dict.fromkeys(found))


def _path(before: str, pattern: URLPattern, name: str, chosen: dict[str, Any]) -> str:
    if name:
        path = reverse(f"admin:{name}", kwargs=chosen)
    else:
        said = re.sub(
            r"<\w+:(\w+)>|\(\?P<(\w+)>[^)]*\)\$?", lambda one: str(chosen[one[1] or one[2]]), str(pattern.pattern)
        )
        path = reverse("admin:index") + before + said
    if name == "autocomplete":
        path += "?app_label=bodies&model_name=placement&field_name=source"
    return path


def _chosen(parameters: set[str], label: str, state: str, world: World) -> list[dict[str, Any]]:
    """The parameters of an address, once for each row or word that they can stand for."""
    row = world.row(label, state)
    if not parameters:
        return [{}]
    match sorted(parameters):
        case ["app_label"]:
            return [{"app_label": each} for each in sorted({model._meta.app_label for model in admin.site._registry})]
        case ["url"]:
            return [{"url": "nowhere/"}]
        case ["content_type_id", "object_id"]:
            source = world.rows["portal.source"]
            return [{"content_type_id": ContentType.objects.get_for_model(source).pk, "object_id": source.pk}]
        case ["label", "pk"]:
            return [
                {"label": each, "pk": row.pk}
                for each, row in world.rows.items()
                if each == "portal.source" and not state
            ]
        case ["name", "structure"]:
            edition = world.row("bodies.structure", state)
            return [{"name": "body", "structure": edition.pk}] if edition is not None else []
        case ["owner"]:
            owner = world.row({"bodies.placement": "bodies.structure", "plans.section": "plans.plan"}[label], state)
            return [{"owner": owner.pk}] if owner is not None else []
        case [key] if row is not None:
            return [{key: row.pk}]
    return []


def written_page(response: Any) -> bytes:
    """The page that answered; nothing where it was a file, which is taken in, so that it is closed."""
    content = b"".join(response.streaming_content) if response.streaming else bytes(response.content)
    return content if "html" in response.get("Content-Type", "") else b""


def filled(content: bytes) -> dict[str, Any]:
    """What a browser would send of the page's form as it stands; empty where the page has none."""
    form = BeautifulSoup(content, "html.parser").select_one("#content-main form[method=post]")
    data: dict[str, Any] = {}
    for tag in form.select("input[name], textarea[name], select[name]") if form is not None else []:
        name, kind = str(tag["name"]), tag.get("type")
        if tag.name == "select":
            data[name] = [str(option["value"]) for option in tag.select("option[selected]")]
        elif tag.name == "textarea":
            data[name] = tag.get_text().removeprefix("\n")
        elif kind == "checkbox" and tag.has_attr("value"):  # one of several
            data[name] = data.get(name, []) + ([str(tag["value"])] if tag.has_attr("checked") else [])
        elif kind not in ("submit", "button", "file", "checkbox", "radio") or tag.has_attr("checked"):
            data[name] = str(tag.get("value", "on" if kind == "checkbox" else ""))
    return data


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)

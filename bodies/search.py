"""What readers find of structures, bodies, roles and composition: see `portal.search`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bodies.models import Body, Link, Mandate, Note, Part, Placement, Seat, Structure
from portal.search import Entry, Text

EDITION = ("structure__title", "structure__title_en")


def structures() -> Iterator[Entry]:
    """The editions of the structure."""
    for row in Structure.objects.public():
        texts = [Text(_("コード"), row.code, row.code, is_name=True), Text(_("備考"), row.remark, row.remark_en)]
        yield Entry(Structure, row.title, row.title_en, row.get_absolute_url(), texts=texts)


def bodies() -> Iterator[Entry]:
    """Bodies as their latest public edition has them, with the other names that earlier ones gave them."""
    said = _said_of_placements()
    address = reverse("body", args=["CODE"])
    for row, *earlier in _placements():
        texts = [
            Text(_("略称"), row.short_name, row.short_name_en, is_name=True),
            Text(_("コード"), row.body__code, row.body__code, is_name=True),
        ]
        names = {row.name, row.short_name, ""}
        for old in earlier:
            for name, name_en in ((old.name, old.name_en), (old.short_name, old.short_name_en)):
                if name not in names:
                    names.add(name)
                    edition = (old.structure__title, old.structure__title_en)
                    texts.append(Text(_("以前の名称"), *_in_edition(name, name_en, *edition), is_name=True))
        texts.append(Text(_("根拠（法令・決定）"), row.basis, row.basis_en))
        texts.append(Text(_("備考"), row.remark, row.remark_en))
        texts += said[row.pk]
        yield Entry(Body, row.name, row.name_en, address.replace("CODE", row.body__code), texts=texts)


def roles() -> Iterator[Entry]:
    """Roles in the words of their sources."""
    for row, place in _parts(Mandate, "text", "text_en"):
        yield Entry(Mandate, row.text, row.text_en, *place, texts=_remark(row))


def seats() -> Iterator[Entry]:
    """Posts with those who hold them, and members."""
    for row, place in _parts(Seat, "post", "post_en", "holder", "holder_en"):
        japanese = f"{row.post}：{row.holder}" if row.post else row.holder
        english = f"{row.post_en}: {row.holder_en}" if row.post_en and row.holder_en else row.holder_en
        yield Entry(Seat, japanese, english, *place, texts=_remark(row))


def _placements() -> list[list[Any]]:
    """The public places of each body, the latest first; the bodies in the order of the latest edition's tree."""
    columns = ("name", "name_en", "short_name", "short_name_en", "basis", "basis_en", "remark", "remark_en")
    rows = Placement.objects.public().order_by("-structure__valid_from", "lft")
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows.values_list("pk", "body__code", *columns, *EDITION, named=True):
        found[row.body__code].append(row)
    return list(found.values())


def _said_of_placements() -> dict[int, list[Text]]:
    """The notes and relations of each place."""
    said: dict[int, list[Text]] = defaultdict(list)
    notes = Note.objects.public().values_list("placement", "text", "text_en", "remark", "remark_en")
    for placement, text, text_en, *remark in notes:
        said[placement] += [Text(_("注"), text, text_en), Text(_("備考"), *remark)]
    columns = ("label", "label_en", "basis", "basis_en", "remark", "remark_en")
    for *ends, label, label_en, basis, basis_en, remark, remark_en in Link.objects.public().values_list(
        "from_placement", "to_placement", *columns
    ):
        texts = [
            Text(_("関係"), label, label_en),
            Text(_("根拠（法令・決定）"), basis, basis_en),
            Text(_("備考"), remark, remark_en),
        ]
        for end in ends:
            said[end] += texts
    return said


def _parts(model: type[Part], *columns: str) -> Iterator[tuple[Any, tuple[str, str, str]]]:
    """Parts of all public places, with the address and both names of the body; the same words of a body once.

    What only an earlier edition says of a body is not on the body's page: it leads to that edition and names it.
    """
    places = Placement.objects.public().order_by("structure__valid_from")
    latest = dict(places.values_list("body__code", "pk"))  # the last of each body remains
    placed = ("body__code", "name", "name_en", "structure__code", *EDITION)
    rows = model.objects.public().order_by("-placement__structure__valid_from", "placement__lft", "sort_order", "code")
    body, structure = reverse("body", args=["CODE"]), reverse("structure", args=["CODE"])
    seen = set()
    for row in rows.values_list(
        "placement_id", "code", "remark", "remark_en", *columns, *(f"placement__{each}" for each in placed), named=True
    ):
        code, name, name_en, edition, title, title_en = (getattr(row, f"placement__{each}") for each in placed)
        said = (code, *(getattr(row, column) for column in columns))
        if said in seen:
            continue
        seen.add(said)
        if latest.get(code) == row.placement_id:
            yield row, (f"{body.replace('CODE', code)}#{model._meta.model_name}-{row.code}", name, name_en)
        else:
            context = _in_edition(name, name_en, title, title_en)
            yield row, (f"{structure.replace('CODE', edition)}#body-{code}", *context)


def _remark(row: Any) -> list[Text]:
    return [Text(_("備考"), row.remark, row.remark_en)]


def _in_edition(name: str, name_en: str, title: str, title_en: str) -> tuple[str, str]:
    return f"{name}（{title}）", f"{name_en} ({title_en})" if name_en and title_en else ""

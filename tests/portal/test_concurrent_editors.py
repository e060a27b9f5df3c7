"""Eight editors at once over real HTTP: they edit, move, take back and publish, and nothing is lost or broken."""

from __future__ import annotations

import datetime
import http.client
import random
import threading
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bodies.models import Placement, Status, Structure
from portal.history import columns_of, model_of, value_of
from portal.models import Change, ChangedRow, ChangeKind
from portal.tree import faults
from tests import factories
from tests.live import live
from tests.portal.test_admin import fields

EDITORS = 8
STEPS = 10
TRIES = 30  # of one edit that others get in the way of


class Editor(threading.Thread):
    """A browser with one session, and what its user believes to have done."""

    def __init__(self, number: int, host: str, draft: Structure, start: threading.Barrier) -> None:
        super().__init__(name=f"editor{number}")
        self.number, self.host, self.draft, self.barrier = number, host, draft, start
        self.random = random.Random(number)  # noqa: S311 - dice that fall the same way in every run
        client = Client()
        client.force_login(User.objects.create_superuser(self.name))
        self.cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}
        self.places = list(Placement.objects.filter(structure=draft).values_list("pk", flat=True))
        self.written: list[tuple[int, int, str]] = []  # change, placement, tag
        self.taken_back: list[tuple[int, str]] = []
        self.published: list[str] = []
        self.done: Counter[str] = Counter()
        self.collided = 0
        self.faults: list[BaseException] = []

    def run(self) -> None:
        try:
            self.barrier.wait(60)
            for step in range(STEPS):
                acts = [self.edit, self.edit, self.move, self.move, self.take_back, self.publish]
                self.random.choice(acts)(f"{self.name}-{step}")
        except BaseException as fault:
            self.faults.append(fault)
        finally:
            connections.close_all()

    def ask(self, path: str, data: dict[str, str] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("GET" if data is None else "POST", path, urlencode(data or {}), headers)
        response = connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _sign, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        body = response.read()
        connection.close()
        if response.status not in {200, 302, 409}:
            raise AssertionError(f"{path}: {response.status} {body[:2000].decode(errors='replace')}")
        return response.status, body

    def last_change(self, kind: ChangeKind) -> int:
        return Change.objects.filter(user_name=self.name, kind=kind).latest("pk").pk

    def edit(self, tag: str) -> None:
        """Add a word to the remark of a place. Where someone was faster: look again, and once more."""
        pk = self.random.choice(self.places)
        path = reverse("admin:bodies_placement_change", args=[pk])
        for _try in range(TRIES):
            _status, page = self.ask(path)
            typed = fields(page)
            status, _page = self.ask(path, typed | {"remark": f"{typed['remark']} {tag}".strip()})
            if status == 302:
                self.done["edit"] += 1
                self.written.append((self.last_change(ChangeKind.EDIT), pk, tag))
                return
            self.collided += 1
        raise AssertionError("never came through")

    def move(self, tag: str) -> None:
        path = reverse("admin:bodies_placement_tree", args=[self.draft.pk])
        _status, page = self.ask(path)
        form = BeautifulSoup(page, "html.parser").select_one("#tree-form")
        assert form is not None
        sent = {str(tag["name"]): str(tag.get("value", "")) for tag in form.select("input[type=hidden]")}
        sent |= {"row": str(self.random.choice(self.places)), "target": str(self.random.choice(self.places))}
        sent |= {
            "move": self.random.choice(["up", "down", "out", "in", "to"]),
            "position": self.random.choice(["first-child", "last-child", "left", "right"]),
        }
        status, _page = self.ask(path, sent)
        self.done["move"] += status == 302

    def take_back(self, tag: str) -> None:
        """The editor's own latest edit, if nobody has built on it."""
        if not self.written:
            return
        change, pk, word = self.written.pop()
        path = reverse("admin:portal_change_revert", args=[change])
        status, page = self.ask(path)
        if "change_token" in page.decode():
            status, _page = self.ask(path, fields(page) | {"change_reason": "試し"})
        if status == 302:
            self.done["revert"] += 1
            self.taken_back.append((pk, word))
        else:
            self.written.insert(0, (change, pk, word))

    def publish(self, tag: str) -> None:
        """A copy of the draft, for a day of its own."""
        path = reverse("admin:bodies_structure_clone", args=[self.draft.pk])
        day = timezone.localdate() + datetime.timedelta(days=100 * self.number + len(self.published) + 1)
        _status, page = self.ask(path)
        status, _page = self.ask(path, fields(page) | {"code": tag, "title": f"体制 {tag}", "valid_from": str(day)})
        assert status == 302
        made = Structure.objects.get(code=tag)
        path = reverse("admin:bodies_structure_publish", args=[made.pk])
        _status, page = self.ask(path)
        status, page = self.ask(path, fields(page) | {"valid_from": str(day), "change_reason": "試しの公開"})
        assert status == 302, page.decode()
        self.done["clone"] += 1
        self.done["publish"] += 1
        self.published.append(tag)


def broken_links() -> list[str]:
    """Where the journal does not lead without a gap from the beginning to what the tables hold."""
    found = []
    last: dict[tuple[str, int], Any] = {}
    for row in ChangedRow.objects.order_by("pk"):
        if row.before != last.get((row.model, row.object_id)):
            found.append(f"{row} begins elsewhere")
        last[row.model, row.object_id] = row.after
    for label in {label for label, _pk in last}:
        model = model_of(label)
        columns = columns_of(model)
        now = {each["pk"]: each for each in model._base_manager.values("pk", *columns)}
        for (of, pk), values in last.items():
            if of != label:
                continue
            stands = now.pop(pk, None)
            if (stands is None) != (values is None):
                found.append(f"{label} {pk} ends elsewhere")
            elif stands is not None and any(
                value_of(columns[name], value) != value_of(columns[name], stands[name])
                for name, value in values.items()
            ):
                found.append(f"{label} {pk} holds something else")
        found += [f"{label} {pk} came from nowhere" for pk in now]
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.no_cover
def test_eight_editors_lose_nothing_and_break_nothing() -> None:
    ChangedRow.objects.all().delete()  # what emptying the tables for this test has left
    draft = factories.structure("draft", status=Status.DRAFT, valid_from=None)
    factories.many(draft, 12, fan=3)
    start = threading.Barrier(EDITORS)

    with live() as host:
        editors = [Editor(number, host, draft, start) for number in range(EDITORS)]
        for editor in editors:
            editor.start()
        for editor in editors:
            editor.join(300)

    assert [fault for editor in editors for fault in editor.faults] == []
    remarks = dict(Placement.objects.filter(structure=draft).values_list("pk", "remark"))
    kept = [(pk, tag) for editor in editors for _change, pk, tag in editor.written]
    undone = [(pk, tag) for editor in editors for pk, tag in editor.taken_back]
    assert [(pk, tag) for pk, tag in kept if tag not in remarks[pk].split()] == []
    assert [(pk, tag) for pk, tag in undone if tag in remarks[pk].split()] == []
    assert {structure.code: faults(Placement, structure.pk) for structure in Structure.objects.all()} == {
        structure.code: (0, "") for structure in Structure.objects.all()
    }
    published = {tag for editor in editors for tag in editor.published}
    assert set(Structure.objects.filter(status=Status.PUBLISHED).values_list("code", flat=True)) == published
    done = sum((editor.done for editor in editors), Counter[str]())
    assert Counter(Change.objects.values_list("kind", flat=True)) == done
    assert min(done["edit"], done["move"], done["publish"], done["revert"]) > 0
    assert sum(editor.collided for editor in editors) > 0
    assert broken_links() == []

"""Who may do what: the groups, and every address of the admin for each of them."""

from __future__ import annotations

from io import StringIO
from itertools import product
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db.models import Max
from django.test import Client

from portal import rights
from portal.models import Change, ChangedRow
from tests.portal.walk import Address, World, addresses, filled, undone, world, written_page

pytestmark = pytest.mark.django_db

# What it takes to open a page and to send its form. The usual pages, by the model on whose pages they are:
USUAL = {
    "changelist": ("view", "view"),  # there are no actions: what is sent to a list only shows it
    "add": ("add", "add"),
    "change": ("view", "change"),
    "delete": ("delete", "delete"),
    "history": ("view", "view"),
}
# All others, by name; "" is whoever is let into the admin.
OTHERS = {
    "index": ("", ""),
    "": ("", ""),  # leads on, or nowhere
    "app_list": ("", ""),
    "guide": ("", ""),
    "jsi18n": ("", ""),
    "password_change": ("", ""),
    "password_change_done": ("", ""),
    "second_factor": ("", ""),
    "view_on_site": ("", ""),
    "autocomplete": ("portal.view_source", "portal.view_source"),
    "portal_change_changelist": ("portal.view_change", "portal.view_change"),
    "portal_change_change": ("portal.view_change", "portal.view_change"),
    "portal_change_of": ("portal.view_source", "portal.view_source"),
    "portal_change_revert": ("portal.change_source", "portal.change_source"),
    **{
        f"portal_batch_{name}": ("portal.import_batch", "portal.import_batch")
        for name in ("changelist", "add", "change", "delete", "undo", "file", "template", "data")
    },
    "auth_user_password_change": ("auth.change_user", "auth.change_user"),
    "bodies_structure_clone": ("bodies.add_structure", "bodies.add_structure"),
    "bodies_structure_publish": ("bodies.publish_structure", "bodies.publish_structure"),
    "bodies_structure_withdraw": ("bodies.publish_structure", "bodies.publish_structure"),
    "bodies_placement_choices": ("bodies.view_placement", "bodies.view_placement"),
    "bodies_placement_breaks": ("bodies.view_placement", "bodies.view_placement"),
    "bodies_placement_tree": ("bodies.view_placement", "bodies.view_placement"),  # a move asks for the row chosen
    "plans_section_tree": ("plans.view_section", "plans.view_section"),
}
# What it takes beside that where readers can see the row; None: nobody may.
PUBLISHED = {
    ("bodies.structure", "change"): "bodies.publish_structure",
    ("bodies.structure", "delete"): None,
    ("bodies.body", "change"): "bodies.publish_structure",
    ("bodies.placement", "change"): "bodies.publish_structure",
    ("bodies.placement", "delete"): "bodies.publish_structure",
    ("plans.plan", "delete"): "plans.publish_plan",
    ("portal.batch", "delete"): None,  # it was loaded
}
HELD = ["portal.source", "bodies.body", "plans.plan", "plans.indicator"]  # other rows of the walk stand on these
NEVER = {("plans.observation", "delete"), ("auth.group", "delete")}  # see their admins
# What a page may answer beside itself or where it leads, to whom it may be opened.
SPECIAL_ANSWERS = {
    "": {404},  # nowhere
    "app_list": {404},  # nothing of the app may be seen
    "autocomplete": {405},
    "jsi18n": {405},  # nothing to send
    "guide": {405},
    "password_change_done": {405},
    "bodies_placement_choices": {404},
    "portal_batch_file": {405},
    "portal_batch_template": {405},
    "portal_batch_data": {405},
}
ELSEWHERE = {"login", "logout", "second_factor_qr"}  # tests/portal/test_access.py


def test_groups_hold_what_the_table_says() -> None:
    assert {name: rights.held(name) for name in rights.GROUPS} == rights.GROUPS
    assert "plans.change_observation" not in rights.GROUPS["Publishers"]
    assert rights.GROUPS["Publishers"] - rights.GROUPS["Editors"] == {"bodies.publish_structure", "plans.publish_plan"}
    assert {right.split(".")[1].split("_")[0] for right in rights.GROUPS["Readers"]} == {"view"}


def test_a_second_migrate_changes_nothing() -> None:
    before = (ChangedRow.objects.count(), Change.objects.count())

    rights.install()

    assert (ChangedRow.objects.count(), Change.objects.count()) == before == (0, 0)


def test_an_empty_database_has_the_groups_and_an_empty_journal() -> None:
    Group.objects.all().delete()

    given = rights.install()

    assert {name: set(each) for name, each in given.items()} == rights.GROUPS
    assert (Change.objects.count(), ChangedRow.objects.count()) == (0, 0)


def test_rights_that_were_added_stay_and_those_that_are_missing_come_back_openly() -> None:
    readers = Group.objects.get(name="Readers")
    extra = Permission.objects.get(codename="add_source")
    readers.permissions.add(extra)
    readers.permissions.remove(Permission.objects.get(codename="view_plan"))

    rights.install()

    assert rights.held("Readers") == rights.GROUPS["Readers"] | {"portal.add_source"}
    change = Change.objects.get()
    assert (change.kind, [row.model for row in change.rows.all()]) == ("rights", ["auth.group_permissions"])


def test_make_groups_lists_what_was_added_and_takes_it_away_when_told() -> None:
    Group.objects.get(name="Readers").permissions.add(Permission.objects.get(codename="add_source"))

    def told(*arguments: str) -> str:
        out = StringIO()
        call_command("make_groups", *arguments, stdout=out)
        return out.getvalue()

    assert told() == "Readers：手で加えられた権限 portal.add_source\n"
    assert told("--exact") == "Readers：外した権限 portal.add_source\n"
    assert told() == "グループの権限は、定めのとおりです。\n"
    assert Change.objects.get().kind == "rights"


def test_groups_are_called_in_the_readers_language() -> None:
    assert str(Group.objects.get(name="Data stewards")) == "データ管理者"
    assert str(Group(name="独自のグループ")) == "独自のグループ"


# Every address


def needed(address: Address, sent: bool) -> set[str] | None:
    """The rights that it takes; None: nobody may."""
    if address.name in OTHERS or address.view not in USUAL:
        found = {OTHERS.get(address.name, ("", ""))[sent]} - {""}
    else:
        app, model = address.label.split(".")
        found = {f"{app}.{USUAL[address.view][sent]}_{model}"}
    action = address.view if sent or address.view == "delete" else "view"
    if (address.label, action) in NEVER:
        return None
    if address.state == "published" and (address.label, action) in PUBLISHED:
        extra = PUBLISHED[address.label, action]
        return None if extra is None else found | {extra}
    return found


def may(user: User | None, address: Address, sent: bool) -> bool:
    wanted = needed(address, sent)
    return user is not None and wanted is not None and user.has_perms(sorted(wanted))


def written() -> tuple[Any, ...]:
    """Moves with everything that is written by way of the admin: content, users, groups, rights, and entries."""
    return (
        ChangedRow.objects.aggregate(last=Max("pk"))["last"],
        Change.objects.aggregate(last=Max("pk"))["last"],
        LogEntry.objects.count(),
        sorted(User.objects.values_list("pk", "password")),
    )


def forms(client: Client, walked: list[Address]) -> dict[Address, dict[str, Any]]:
    """What an administrator's browser would send from each page, something changed: it is written if it is let in."""
    found = {}
    for address in walked:
        data = filled(written_page(client.get(address.path))) | {"post": "yes", "change_reason": "理由"}
        if "permissions" in data:
            data["permissions"] = data["permissions"][1:]
        for name in ("title", "name", "heading", "text", "last_name", "remark"):
            if name in data:
                data[name] = data[name] + "２"
        if "code" in data and address.view != "change":
            data["code"] = "z9"
        found[address] = data
    return found


def client_of(user: User | None) -> Client:
    client = Client(raise_request_exception=False)  # all faults of a walk in one list
    if user is not None:
        client.force_login(user)
    return client


def user_of(who: str) -> User | None:
    if who == "nobody":
        return None
    if who == "administrator":
        return User.objects.create_superuser("管理者")
    user = User.objects.create_user(who, is_staff=True)
    if who != "staff in no group":
        user.groups.add(Group.objects.get(name=who))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def walked() -> tuple[World, list[Address]]:
    made = world()
    return made, [address for address in addresses(made) if address.view not in ELSEWHERE]


@pytest.mark.no_cover
def test_every_address_answers_only_whom_it_may(walked: tuple[World, list[Address]]) -> None:
    pages = walked[1]
    data = forms(client_of(User.objects.create_superuser("上司")), pages)
    users = {who: user_of(who) for who in ["nobody", "staff in no group", *rights.GROUPS, "administrator"]}
    clients = {who: client_of(user) for who, user in users.items()}
    before, faults = written(), []

    for who, user in users.items():
        for address, sent in product(pages, (False, True)):
            with undone():
                client = clients[who]
                response = client.post(address.path, data[address]) if sent else client.get(address.path)
                wrote = written() != before
                written_page(response)
            is_let_in = may(user, address, sent)
            if user is None:
                is_right = response.status_code == 302 and response.headers["Location"].startswith("/admin/login/")
            elif is_let_in:
                is_right = response.status_code in {200, 302} | SPECIAL_ANSWERS.get(address.view, set())
            else:
                is_right = response.status_code in {403, 405}
            if not is_right or (wrote and not (sent and is_let_in)):
                said = f"{response.status_code}{' and wrote' if wrote else ''}"
                faults.append(f"{who}: {'POST' if sent else 'GET'} {address}: {said}")

    assert not faults, "\n".join(faults)


def test_what_is_refused_to_others_writes_for_an_administrator(walked: tuple[World, list[Address]]) -> None:
    """Else the walk above would prove nothing by its forms."""
    client = client_of(User.objects.create_superuser("管理者"))
    without = {("bodies.body", "change"), *((label, "delete") for label in HELD)}  # nothing to type; held by other rows
    pages = [
        each
        for each in walked[1]
        if each.view in ("change", "delete") and each.name not in OTHERS and needed(each, True) is not None
        if (each.label, each.view) not in without
    ]
    data = forms(client, pages)
    before, idle = written(), []

    for address in pages:
        with undone():
            client.post(address.path, data[address])
            if written() == before:
                idle.append(str(address))

    assert not idle, "\n".join(idle)
    assert len(pages) > len(rights.CONTENT)


def test_every_address_is_in_the_table(walked: tuple[World, list[Address]]) -> None:
    unknown = {address.view for address in walked[1]} - set(USUAL) - set(OTHERS)

    assert unknown == set(), "say in OTHERS what it takes to open these pages"


def test_pages_hide_what_a_user_may_not_do(walked: tuple[World, list[Address]]) -> None:
    """Whoever may only look sees no button that saves and no link that leads to adding, changing or deleting."""
    user = user_of("Readers")
    client = client_of(user)
    faults = []

    for address in walked[1]:
        if not may(user, address, False) or address.view in ("password_change", "second_factor"):
            continue
        response = client.get(address.path)
        if response.status_code >= 500:
            faults.append(f"{address}: no page")
        page = BeautifulSoup(written_page(response), "html.parser")
        buttons = page.select("#content-main form[method=post] [type=submit]:not([disabled], [hidden])")
        links = [str(link["href"]) for link in page.select("a[href]")]
        by_path = {each.path: each for each in walked[1]}
        leading = [link for link in links if (to := by_path.get(link.split("?")[0])) and not may(user, to, False)]
        if buttons or leading:
            faults.append(f"{address}: {[str(button) for button in buttons]} {leading}")

    assert not faults, "\n".join(faults)


def test_only_administrators_see_users_even_with_the_rights_of_django() -> None:
    user = user_of("Publishers")
    assert user is not None
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label="auth"))
    client = client_of(User.objects.get(pk=user.pk))

    assert [client.get(f"/admin/auth/{name}/").status_code for name in ("user", "group", "user/add")] == [403] * 3

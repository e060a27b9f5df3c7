"""Who may do what: the groups, each with the rights that it is made with.

Rights are asked for by permission, never by the name of a group. Every `migrate` makes the groups that are missing and
gives them what this table says and they lack. It takes nothing away, so rights that someone added stay; `make_groups
--exact` does. Who is to have less than a group gets a group of their own.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils.translation import gettext_lazy as _

from portal import journal
from portal.models import Change, ChangedRow, ChangeKind

CONTENT = [
    "portal.source",
    "bodies.structure",
    "bodies.body",
    "bodies.placement",
    "bodies.mandate",
    "bodies.seat",
    "bodies.link",
    "bodies.note",
    "plans.plan",
    "plans.section",
    "plans.indicator",
    "plans.target",
    "projects.project",
    "projects.programme",
    "projects.budget",
    "projects.succession",
]
ONLY_ADDED = ["plans.observation"]  # a published value is corrected by another row that replaces it


def _rights(labels: list[str], *actions: str) -> set[str]:
    return {f"{app}.{action}_{model}" for app, model in (label.split(".") for label in labels) for action in actions}


READ = _rights([*CONTENT, *ONLY_ADDED], "view") | {"portal.view_change"}
EDIT = READ | _rights(CONTENT, "add", "change", "delete") | _rights(ONLY_ADDED, "add")
GROUPS = {
    "Editors": EDIT,
    "Publishers": EDIT | {"bodies.publish_structure", "plans.publish_plan"},
    "Data stewards": EDIT | {"portal.import_batch"},
    "Readers": READ,
}
NAMES = {
    "Editors": _("編集者"),
    "Publishers": _("公開担当者"),
    "Data stewards": _("データ管理者"),
    "Readers": _("閲覧者"),
}


def called(group: Group) -> str:
    """A group's name in the language of the page; it is stored in English."""
    return str(NAMES.get(group.name, group.name))


def install(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> dict[str, list[str]]:
    """Make the groups and give them the rights that they lack. Runs after every `migrate`.

    Returns what was given: rights (`"bodies.add_link"`) by group.
    """
    if ChangedRow._meta.db_table not in connections[using].introspection.table_names():
        return {}  # this app is not migrated here
    for label in sorted({right.split(".")[0] for right in set().union(*GROUPS.values())}):
        create_permissions(
            apps.get_app_config(label), verbosity=0, using=using
        )  # not made yet for the apps that follow
    groups = Group.objects.using(using)
    if not groups.filter(name__in=GROUPS).exists() and not Change.objects.using(using).exists():
        given = _give(using)
        # The journal of an empty database begins after what every database begins with.
        ChangedRow.objects.using(using).filter(model__startswith="auth.group").delete()
        return given
    if not any(lacking(using).values()):
        return {}
    with journal.recording(ChangeKind.RIGHTS, about="グループ", about_en="Groups", using=using):
        return _give(using)


def _give(using: str) -> dict[str, list[str]]:
    given = lacking(using)
    for name, rights in given.items():
        group = Group.objects.using(using).get_or_create(name=name)[0]
        group.permissions.add(*permissions(rights, using))
    return {name: sorted(rights) for name, rights in given.items() if rights}


def lacking(using: str = DEFAULT_DB_ALIAS) -> dict[str, set[str]]:
    """What each group should hold and does not."""
    return {name: rights - held(name, using) for name, rights in GROUPS.items()}


def beyond(using: str = DEFAULT_DB_ALIAS) -> dict[str, set[str]]:
    """What someone gave to a group beside what the table says."""
    return {name: held(name, using) - rights for name, rights in GROUPS.items()}


def take_back(using: str = DEFAULT_DB_ALIAS) -> dict[str, list[str]]:
    """Take from the groups what is beyond the table. Returns what was taken."""
    with journal.recording(ChangeKind.RIGHTS, about="グループ", about_en="Groups", using=using):
        taken = beyond(using)
        for name, rights in taken.items():
            for group in Group.objects.using(using).filter(name=name):
                group.permissions.remove(*permissions(rights, using))
    return {name: sorted(rights) for name, rights in taken.items() if rights}


def held(name: str, using: str = DEFAULT_DB_ALIAS) -> set[str]:
    rights = Permission.objects.using(using).filter(group__name=name)
    return {f"{app}.{codename}" for app, codename in rights.values_list("content_type__app_label", "codename")}


def permissions(rights: set[str], using: str = DEFAULT_DB_ALIAS) -> models.QuerySet[Permission]:
    """The rows of rights, in the order in which a form lists them."""
    wanted = models.Q(pk__in=[])
    for right in rights:
        app, codename = right.split(".")
        wanted |= models.Q(content_type__app_label=app, codename=codename)
    return Permission.objects.using(using).filter(wanted).select_related("content_type")

"""Ordered trees that stay right: `parent` and `sort_order` are the truth, django-mptt's columns an index over them.

Every ordinary way of writing (save, delete, the manager's `move_node`, bulk methods, query-set and cascade deletes)
ends in one renumbering of the owner's tree, read after the revision is held and written in the same transaction.
Siblings stand by `sort_order`, then by age. One owner (a structure, a plan) may have several roots; they share its
`tree_id`, which is the owner's primary key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models.signals import class_prepared, post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from mptt.exceptions import InvalidMove
from mptt.managers import TreeManager
from mptt.models import MPTTModel, TreeForeignKey
from mptt.querysets import TreeQuerySet

from portal import revision

INDEX = ("tree_id", "lft", "rght", "level")
Row = TypeVar("Row", bound=tuple[Any, ...])
Pending = dict[tuple[type["OrderedTree"], int], list["OrderedTree"]]


class InvalidTree(InvalidMove):
    """A write that would leave a cycle, or a parent in another owner's tree. Nothing of it is kept."""


@dataclass(slots=True)
class Node(Generic[Row]):
    """A row of a tree with what hangs under it, in order."""

    row: Row
    children: list[Node[Row]]


def forest(rows: Iterable[Row], level: int = 0) -> list[Node[Row]]:
    """Rows in tree order, whose column `level` holds the depth, as nested nodes: one pass, no query."""
    roots: list[Node[Row]] = []
    lists = [roots]  # where a row of each depth goes; deeper ones are left over, and replaced before they are used
    for row in rows:
        children: list[Node[Row]] = []
        depth = row[level]
        lists[depth].append(Node(row, children))
        if depth + 1 < len(lists):
            lists[depth + 1] = children
        else:
            lists.append(children)
    return roots


def number(rows: Iterable[tuple[int, int | None]]) -> dict[int, tuple[int, int, int]]:
    """The index of a tree: `{pk: (lft, rght, level)}` from `(pk, parent)` with siblings in order.

    Rows that no root leads to (a cycle, a parent elsewhere) are absent from the result.
    """
    children: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent in rows:
        children[parent].append(pk)
    index: dict[int, tuple[int, int, int]] = {}
    left: dict[int, int] = {}
    counter = 0
    stack = [(pk, 0) for pk in reversed(children[None])]
    while stack:
        pk, level = stack.pop()
        counter += 1
        if pk in left:
            index[pk] = (left[pk], counter, level)
            continue
        left[pk] = counter
        stack.append((pk, level))
        stack += [(child, level + 1) for child in reversed(children.get(pk, ()))]
    return index


@contextmanager
def settle(using: str = DEFAULT_DB_ALIAS) -> Iterator[Pending]:
    """Hold the revision, let trees be written, and renumber each touched tree once at the end.

    Blocks nest: the outermost one renumbers, an inner one that fails leaves nothing of its own behind. Many writes in
    one block cost one renumbering. Raises `InvalidTree`.
    """
    connection = connections[using]
    joined: Pending | None = getattr(connection, "unsettled_trees", None)
    if joined is not None:
        with transaction.atomic(using=using):
            yield joined
        return
    with revision.moving(using):
        pending: Pending = defaultdict(list)
        connection.unsettled_trees = pending  # type: ignore[attr-defined]  # lives and dies with the transaction
        try:
            yield pending
            for (model, owner), instances in list(pending.items()):
                index = renumber(model, owner, using)
                for instance in instances:
                    if position := index.get(instance.pk):
                        instance.tree_id, (instance.lft, instance.rght, instance.level) = owner, position
        finally:
            connection.unsettled_trees = None  # type: ignore[attr-defined]


def renumber(
    model: type[OrderedTree], owner: int, using: str = DEFAULT_DB_ALIAS, *, strict: bool = True
) -> dict[int, tuple[int, int, int]]:
    """Bring the index of one owner's tree in line with parents and order; writes only the rows that differ."""
    rows = _read(model, owner, using)
    index = number((pk, parent) for pk, parent, *_index in rows)
    if strict and len(index) < len(rows):
        raise InvalidTree(_fault(model, {pk: parent for pk, parent, *_index in rows if pk not in index}, using))
    changed = [
        (owner, *index[pk], pk) for pk, _parent, *stored in rows if pk in index and stored != [owner, *index[pk]]
    ]
    if changed:
        _write(model, changed, using)
    return index


def faults(model: type[OrderedTree], owner: int, using: str = DEFAULT_DB_ALIAS) -> tuple[int, str]:
    """How many rows of one tree have a wrong index, and in words which cycle or foreign parent it holds, if any."""
    rows = _read(model, owner, using)
    index = number((pk, parent) for pk, parent, *_index in rows)
    lost = {pk: parent for pk, parent, *_index in rows if pk not in index}
    wrong = sum(1 for pk, _parent, *stored in rows if pk in index and stored != [owner, *index[pk]])
    return wrong, _fault(model, lost, using) if lost else ""


def _read(model: type[OrderedTree], owner: int, using: str) -> list[Any]:
    rows = model._base_manager.using(using).filter(**{model.tree_owner: owner}).order_by("sort_order", "pk")
    return list(rows.values_list("pk", "parent_id", *INDEX))


def _fault(model: type[OrderedTree], lost: dict[int, int | None], using: str) -> str:
    """Why rows that no root leads to are refused, with the names of those concerned."""
    seen: list[int] = []
    pk: int | None = min(lost)
    while pk in lost and pk not in seen:
        seen.append(pk)
        pk = lost[pk]
    circle = [*seen[seen.index(pk) :], pk] if pk in seen else [seen[-1], pk]
    names = {row.pk: str(row) for row in model._base_manager.using(using).filter(pk__in=[key for key in circle if key])}
    shown = [names.get(key or 0, f"#{key}") for key in circle]
    if pk in seen:
        return _circle(shown)
    if pk not in names:
        return _("「%(name)s」の上位は、ほかの更新で削除されています。") % {"name": shown[0]}
    return _("「%(name)s」の上位「%(parent)s」は、別の木に属しています。") % {"name": shown[0], "parent": shown[1]}


def _circle(names: list[str]) -> str:
    return _("自分自身や自分の下位を上位にすることはできません（%(circle)s）。") % {"circle": " → ".join(names)}


def _write(model: type[OrderedTree], changed: Sequence[tuple[int, ...]], using: str) -> None:
    # bulk_update takes 10 s for 10,000 rows; these take 0.4 s.
    connection = connections[using]
    table, pk = (connection.ops.quote_name(name) for name in (model._meta.db_table, model._meta.pk.column))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            assignments = ", ".join(f"{name} = new.{name}" for name in INDEX)
            cursor.execute(
                f"UPDATE {table} SET {assignments} FROM unnest(%s::int[], %s::int[], %s::int[], %s::int[], "
                f"%s::bigint[]) AS new({', '.join(INDEX)}, pk) WHERE {table}.{pk} = new.pk",
                [list(column) for column in zip(*changed, strict=True)],
            )
        else:
            assignments = ", ".join(f"{name} = %s" for name in INDEX)
            cursor.executemany(f"UPDATE {table} SET {assignments} WHERE {pk} = %s", changed)


class OrderedTreeQuerySet(TreeQuerySet):
    """Bulk writes that leave the index right."""

    def delete(self) -> tuple[int, dict[str, int]]:
        with settle(self.db):
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]  # as Django marks its own
    delete.queryset_only = True  # type: ignore[attr-defined]

    def update(self, **kwargs: Any) -> int:
        owner = self.model.tree_owner
        if not kwargs.keys() & {"parent", "parent_id", "sort_order", owner, f"{owner}_id"}:
            return super().update(**kwargs)
        with settle(self.db) as pending:
            touched = list(self.order_by().values_list("pk", f"{owner}_id"))
            updated = super().update(**kwargs)
            pks = [pk for pk, _owner in touched]
            after = self.model._base_manager.using(self.db).filter(pk__in=pks).values_list(f"{owner}_id", flat=True)
            for key in {before for _pk, before in touched} | set(after):
                pending[self.model, key] += []
            return updated

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        with settle(self.db) as pending:
            created = super().bulk_create(objs, *args, **kwargs)
            for instance in created:
                pending[self.model, instance.owner_id].append(instance)
            return created

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        with settle(self.db) as pending:  # each batch ends in update()
            objs = list(objs)
            for instance in objs:
                pending[self.model, instance.owner_id].append(instance)
            return super().bulk_update(objs, fields, batch_size)


class OrderedTreeManager(TreeManager.from_queryset(OrderedTreeQuerySet)):  # type: ignore[misc]  # mptt has no types
    """mptt's manager, with every way to move or rebuild led through `settle`."""

    def move_node(self, node: Any, target: Any, position: str = "last-child") -> None:
        """Put `node` beside (`left`, `right`) or under (`first-child`, `last-child`) `target`; None: the last root."""
        if position not in ("first-child", "last-child", "left", "right"):
            raise ValueError(f"not a position: {position}")
        with settle(self.db) as pending:
            rows = {row.pk: row for row in self.filter(pk__in=[node.pk, getattr(target, "pk", None)])}
            if node.pk not in rows or (target is not None and target.pk not in rows):
                raise InvalidTree(_("動かす対象か移動先が、ほかの更新で削除されています。"))
            moved, goal = rows[node.pk], rows[target.pk] if target is not None else None
            parent = goal if position in ("first-child", "last-child") else getattr(goal, "parent", None)
            siblings = self.filter(**{moved.tree_owner: moved.owner_id}, parent=parent).exclude(pk=moved.pk)
            order = list(siblings.order_by("sort_order", "pk"))
            places = {"first-child": 0, "last-child": len(order)}
            if position in ("left", "right"):
                if goal not in order:
                    raise InvalidTree(_("自分自身や、別の木の隣に移すことはできません。"))
                places |= {"left": order.index(goal), "right": order.index(goal) + 1}
            order.insert(places[position], moved)
            shifted = [row for place, row in enumerate(order, start=1) if row.sort_order != place and row is not moved]
            for place, row in enumerate(order, start=1):
                row.sort_order = place
            self.bulk_update(shifted, ["sort_order"])
            moved.parent = parent
            moved.save(update_fields=["parent", "sort_order"])
            node.parent, node.sort_order = parent, moved.sort_order
            pending[self.model, moved.owner_id].append(node)

    def insert_node(
        self, node: Any, target: Any, position: str = "last-child", save: bool = False, **kwargs: Any
    ) -> None:
        """Save `node` at a place. Without `save` there is no place to keep: an index is only ever read from rows."""
        if not save:
            raise ValueError("OrderedTree places a node by saving it: pass save=True")
        with settle(self.db):
            node.save(using=self.db)
            self.move_node(node, target, position)

    def rebuild(self, batch_size: int = 1000, **filters: Any) -> None:
        """Renumber every owner's tree."""
        with settle(self.db) as pending:
            for owner in (
                self.filter(**filters).order_by().values_list(f"{self.model.tree_owner}_id", flat=True).distinct()
            ):
                pending[self.model, owner] += []

    def partial_rebuild(self, tree_id: int, batch_size: int = 1000, **filters: Any) -> None:
        """Renumber one owner's tree."""
        with settle(self.db) as pending:
            pending[self.model, tree_id] += []


class OrderedTree(MPTTModel):
    """A row of an ordered tree that belongs to an owner (the field named by `tree_owner`)."""

    tree_owner: ClassVar[str]
    pk: Any
    derived: ClassVar[tuple[str, ...]] = INDEX  # columns that follow from the others; see portal.revision

    parent = TreeForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=gettext_lazy("上位"),
        help_text=gettext_lazy("この木で一つ上に立つもの。最上位なら空欄。"),
    )
    sort_order = models.PositiveIntegerField(
        gettext_lazy("並び順"), default=0, help_text=gettext_lazy("同じ上位の下での順序。小さいものが先。")
    )
    tree_id = models.PositiveIntegerField(default=0, editable=False)
    lft = models.PositiveIntegerField(default=0, editable=False)
    rght = models.PositiveIntegerField(default=0, editable=False)
    level = models.PositiveIntegerField(default=0, editable=False)

    objects = OrderedTreeManager()

    class Meta:
        abstract = True

    @property
    def owner_id(self) -> int:
        return getattr(self, f"{self.tree_owner}_id")

    def save(self, *args: Any, **kwargs: Any) -> None:
        using = kwargs.get("using") or self._state.db or DEFAULT_DB_ALIAS
        before: tuple[Any, bool] = self.pk, self._state.adding
        try:
            with settle(using) as pending:
                rows = type(self)._base_manager.using(using).filter(pk=self.pk)
                owners = list(rows.values_list(f"{self.tree_owner}_id", flat=True))
                if self.pk is not None and self.parent_id == self.pk:
                    raise InvalidTree(_circle([str(self), str(self)]))
                if not owners and self.pk is not None and not self._state.adding:
                    raise InvalidTree(_("「%(name)s」は、ほかの更新で削除されています。") % {"name": self})
                for owner in owners:
                    pending[type(self), owner] += []
                super(MPTTModel, self).save(*args, **kwargs)  # not mptt's own, which would number from memory
                pending[type(self), self.owner_id].append(self)
        except BaseException:
            self.pk, self._state.adding = before  # what was refused can be mended and saved again
            raise

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with settle(kwargs.get("using") or self._state.db or DEFAULT_DB_ALIAS):
            return super(MPTTModel, self).delete(*args, **kwargs)

    # mptt takes every root of one tree_id for the only one, and the roots of all trees for siblings.

    def get_root(self) -> Any:
        return self.get_ancestors(include_self=True).first()

    def get_siblings(self, include_self: bool = False) -> Any:
        return super().get_siblings(include_self).filter(tree_id=self.tree_id)

    def get_next_sibling(self, *args: Any, **kwargs: Any) -> Any:
        return self.get_siblings().filter(*args, lft__gt=self.rght, **kwargs).first()

    def get_previous_sibling(self, *args: Any, **kwargs: Any) -> Any:
        return self.get_siblings().filter(*args, rght__lt=self.lft, **kwargs).last()


@receiver(class_prepared)
def _watch(sender: type[models.Model], **kwargs: Any) -> None:
    if issubclass(sender, OrderedTree):
        if sender._meta.base_manager_name != "objects":  # an abstract Meta does not hand it down
            raise ImproperlyConfigured(f"{sender.__name__}.Meta needs base_manager_name = 'objects'")
        post_delete.connect(_deleted, sender=sender)
        post_save.connect(_loaded, sender=sender)


def _deleted(sender: type[OrderedTree], instance: OrderedTree, using: str, origin: Any, **kwargs: Any) -> None:
    """A cascade that started elsewhere. When the owner itself goes, nothing is left to number."""
    owner_model = sender._meta.get_field(sender.tree_owner).related_model
    if getattr(origin, "model", type(origin)) is not owner_model:
        with settle(using) as pending:
            pending[sender, instance.owner_id] += []


def _loaded(sender: type[OrderedTree], instance: OrderedTree, using: str, raw: bool, **kwargs: Any) -> None:
    """A fixture's row, written past `save()`. Its parent may come later in the file, so nothing is refused here.

    One renumbering for each row: `loaddata` is for small things, and `check_tree` should follow it. Data comes in by
    `load_data`.
    """
    if raw:
        renumber(sender, instance.owner_id, using, strict=False)

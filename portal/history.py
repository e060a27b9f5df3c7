"""The journal in words, and changes taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import IntegrityError, connection, models
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.bulk import chunks, write_columns
from portal.journal import journaled, recording
from portal.models import Change, ChangedRow, ChangeKind
from portal.tree import InvalidTree, OrderedTree, settle

ORDER = "sort_order"  # a place among siblings: no conflict, and taken back only where nobody has changed it since
REASONS = 50  # why a change cannot be taken back is said of no more rows than this
Key = tuple[str, int]  # a model's label and a primary key
Values = dict[str, Any]  # a row of the journal by columns

ACTIONS = {
    "add": gettext_lazy("%(kind)sの追加"),
    "change": gettext_lazy("%(kind)sの変更"),
    "delete": gettext_lazy("%(kind)sの削除"),
    "view": gettext_lazy("%(kind)sの閲覧"),
}
# Models whose rows are called by what other rows say of them: from primary keys to names, in one query or two.
NAMERS: dict[str, Callable[[Collection[int]], Mapping[int, str]]] = {}


@dataclass(frozen=True)
class FieldChange:
    """One field before and after, in words; empty where there was no row."""

    column: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class RowInWords:
    """A changed row: what it is, how it is called, and what changed in it."""

    row: ChangedRow
    kind: str
    name: str
    fields: list[FieldChange]
    instance: models.Model | None  # as it is now; None where it is gone


def model_of(label: str) -> type[models.Model]:
    return apps.get_model(label)


@cache
def columns_of(model: type[models.Model]) -> Mapping[str, Any]:
    """The fields of a model by their columns."""
    return {str(field.column): field for field in model._meta.concrete_fields}


def value_of(field: models.Field[Any, Any], value: Any) -> Any:
    """A value of the journal as the field holds it."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return target.to_python(value)


def instance_of(label: str, pk: int, values: Values) -> models.Model:
    """The row as it stood, as an unsaved instance; columns that no longer exist are left out."""
    model = model_of(label)
    columns = columns_of(model)
    held = {
        str(columns[name].attname): value_of(columns[name], value) for name, value in values.items() if name in columns
    }
    return model(pk=pk, **held)


def joins() -> dict[str, Any]:
    """The fields behind the tables that only join two others, by the table's label."""
    fields: list[Any] = [field for model in apps.get_models() for field in model._meta.local_many_to_many]
    return {
        field.remote_field.through._meta.label_lower: field
        for field in fields
        if field.remote_field.through._meta.auto_created
    }


def fetched(keys: Iterable[Key]) -> dict[Key, models.Model]:
    """The rows that exist, by one query for each model and some hundred keys."""
    return {
        (label, pk): instance
        for label, pks in by_model(keys).items()
        for pk, instance in model_of(label)._base_manager.in_bulk(pks).items()  # which takes them by batches
    }


def gone(lost: Collection[Key]) -> dict[Key, models.Model]:
    """Rows that no longer exist, as they were when they were deleted."""
    return {
        (label, row.object_id): instance_of(label, row.object_id, row.before or {})
        for label, pks in by_model(lost).items()
        for some in chunks(pks)
        for row in ChangedRow.objects.filter(model=label, object_id__in=some, kind="-").order_by("pk")
    }


def by_model(keys: Iterable[Key]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for label, pk in keys:
        found[label].append(pk)
    return found


def tie(instances: Iterable[models.Model], depth: int = 3) -> None:
    """Fill the references of rows and of what these refer to: from among them, else by a query for each model; what is
    gone as it was.

    The depth is that of a note: its role, the place that has the role, the structure of the place.
    """
    known = {(each._meta.label_lower, each.pk): each for each in instances}
    fresh = list(known.values())
    for _level in range(depth):
        open_ends = [
            (each, field, (field.related_model._meta.label_lower, getattr(each, field.attname)))
            for each in fresh
            for field in each._meta.concrete_fields
            if isinstance(field, models.ForeignKey) and not field.is_cached(each)
            if getattr(each, field.attname) is not None
        ]
        wanted = {key for _each, _field, key in open_ends} - known.keys()
        found = fetched(wanted)
        found |= gone(wanted - found.keys())
        known |= found
        fresh = list(found.values())
        for each, field, key in open_ends:
            if key in known:
                field.set_cached_value(each, known[key])


def written_since(owner: models.Model, seen: int) -> list[ChangedRow]:
    """What was written to a row and to all that belongs to it since the journal went so far, order included.

    A row belongs to what it cannot be without, if by way of others: a role to its place, a place to its structure, a
    target to its plan. Also what has come or gone meanwhile. In a number of queries that does not grow with the rows.
    """
    own = (owner._meta.label_lower, owner.pk)
    written = ChangedRow.objects.filter(pk__gt=seen, model__in=_belonging(type(owner)))
    rows = list(written.select_related("change").order_by("pk"))
    found = set()
    for side in ("before", "after"):  # what has gone is known by what stood there, what has come by what stands there
        held = [(row, values) for row in rows if (values := getattr(row, side)) is not None]
        instances = [instance_of(row.model, row.object_id, values) for row, values in held]
        tie(instances)
        found |= {_key(each) for each in instances if _belongs(each, own)}
    return [row for row in rows if (row.model, row.object_id) in found]


@cache
def _belonging(model: type[models.Model]) -> frozenset[str]:
    """The labels of a model and of those whose rows belong to rows of it."""
    noted = {label for label, _columns in journaled().values()}
    found, fresh = {model}, [model]
    while fresh:
        for relation in _pointing_at(fresh.pop()):
            each = relation.related_model
            if each not in found and not relation.field.null and each._meta.label_lower in noted:
                found.add(each)
                fresh.append(each)
    return frozenset(each._meta.label_lower for each in found)


def _belongs(instance: models.Model, own: Key) -> bool:
    """Whether an instance, tied to what it refers to, is that row or belongs to it."""
    if _key(instance) == own:
        return True
    references: Any = (field for field in instance._meta.concrete_fields if isinstance(field, models.ForeignKey))
    return any(
        _belongs(getattr(instance, each.name), own) for each in references if not each.null and each.is_cached(instance)
    )


def _key(instance: models.Model) -> Key:
    return (instance._meta.label_lower, instance.pk)


class Words:
    """Rows of the journal in words of the active language, in a number of queries that does not grow with them."""

    def __init__(self, rows: Iterable[ChangedRow]) -> None:
        self.rows = list(rows)
        self.joins = joins()
        wanted: set[Key] = set()
        for row in self.rows:
            wanted.add((row.model, row.object_id))
            for column, field in columns_of(model_of(row.model)).items():
                if isinstance(field, models.ForeignKey):
                    held = [(values or {}).get(column) for values in (row.before, row.after)]
                    wanted |= {(field.related_model._meta.label_lower, pk) for pk in held if pk is not None}
        self.now = fetched(wanted)
        self.gone = gone(wanted - self.now.keys())
        tie([*self.now.values(), *self.gone.values()])
        self.named: dict[Key, str] = {}
        for label, pks in by_model(wanted).items():
            if (namer := NAMERS.get(label)) is not None:
                self.named |= {(label, pk): name for pk, name in namer(pks).items()}

    def name(self, label: str, pk: int) -> str:
        if (label, pk) in self.named:
            return self.named[label, pk]
        instance = self.now.get((label, pk)) or self.gone.get((label, pk))
        return _called(instance) if instance is not None else f"#{pk}"

    def value(self, field: models.Field[Any, Any], value: Any) -> str:
        if value is None or value == "":
            return _("（なし）")
        if isinstance(field, models.ForeignKey):
            return self.name(field.related_model._meta.label_lower, value)
        return in_words(field, value)

    def __iter__(self) -> Iterator[RowInWords]:
        return (self.of(row) for row in self.rows)

    def of(self, row: ChangedRow) -> RowInWords:
        if (join := self.joins.get(row.model)) is not None:
            return self._of_join(row, join)
        model = model_of(row.model)
        columns, differing = columns_of(model), set(row.differing)  # in the model's order: PostgreSQL keeps none
        fields = [
            FieldChange(
                column,
                str(columns[column].verbose_name),
                self.value(columns[column], row.before.get(column)) if row.before is not None else "",
                self.value(columns[column], row.after.get(column)) if row.after is not None else "",
            )
            for column in columns
            if column in differing and (row.kind == "~" or not _is_empty((row.before or row.after or {}).get(column)))
        ]
        name = self.name(row.model, row.object_id)
        return RowInWords(row, str(model._meta.verbose_name), name, fields, self.now.get((row.model, row.object_id)))

    def _of_join(self, row: ChangedRow, field: Any) -> RowInWords:
        owner, target = field.model._meta.label_lower, field.related_model._meta.label_lower
        values = row.after or row.before or {}
        own, other = values[field.m2m_column_name()], values[field.m2m_reverse_name()]
        called = self.name(target, other)
        words = FieldChange(
            field.name, str(field.verbose_name), called if row.kind == "-" else "", called if row.kind == "+" else ""
        )
        return RowInWords(
            row, str(field.model._meta.verbose_name), self.name(owner, own), [words], self.now.get((owner, own))
        )


def in_words(field: models.Field[Any, Any], value: Any) -> str:
    """A value that is no reference, as a reader of the history sees it."""
    if value is None or value == "":
        return _("（なし）")
    if isinstance(field, models.BooleanField):
        return _("はい") if value else _("いいえ")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    held = field.to_python(value)
    if isinstance(field, models.DateField):
        return date_format(held, "DATETIME_FORMAT" if isinstance(field, models.DateTimeField) else "DATE_FORMAT")
    if isinstance(field, models.DecimalField):
        return number_format(held.normalize(), use_l10n=True, force_grouping=True) if held else "0"
    return str(held)


def _called(instance: models.Model) -> str:
    try:
        return right(instance) if isinstance(instance, Permission) else str(instance)
    except ObjectDoesNotExist:  # its name is made of another row, which is gone too
        return f"#{instance.pk}"


def right(permission: Permission) -> str:
    """A right in words: what Django stores of it is half English."""
    action, _underscore, name = permission.codename.partition("_")
    model = permission.content_type.model_class()
    if model is None or action not in ACTIONS or name != model._meta.model_name:
        return _(permission.name)
    return ACTIONS[action] % {"kind": model._meta.verbose_name}


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value is False


class Obstructed(Exception):
    """A change that cannot be taken back, with the reasons in words: later changes stand on it. Nothing was written."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


@dataclass
class Net:
    """What a change did to one row in all: its values before the first write and after the last; None: no row."""

    before: Values | None
    after: Values | None

    @property
    def differing(self) -> list[str]:
        """The columns whose values differ; of a row that came or went, all."""
        before, after = self.before or {}, self.after or {}
        return [name for name in before | after if before.get(name) != after.get(name)]


Effects = dict[Key, Net]


def net(rows: Iterable[ChangedRow]) -> Effects:
    """What rows of the journal, in their order, come to for each object; what comes to nothing is left out."""
    found: Effects = {}
    for row in rows:
        key = (row.model, row.object_id)
        if key in found:
            found[key].after = row.after
        else:
            found[key] = Net(row.before, row.after)
    return {key: each for key, each in found.items() if each.before != each.after}


IRREVERSIBLE = {ChangeKind.PUBLISH, ChangeKind.WITHDRAW, ChangeKind.LOGIN, ChangeKind.LOGOUT, ChangeKind.REFUSED}


def revert(change: Change, *, ask: Callable[[Change, Effects], None] | None = None, **recorded: Any) -> Change:
    """Take a change back: rows it added go, rows it deleted come back with their keys, fields get their old values.

    `recorded` goes to `recording()`; the change is as public as the one that it takes back unless that says otherwise.
    `ask` is told the change that is being made and what is to be undone; it may raise to refuse, while nobody else can
    write. Whatever was written to the same fields since, or hangs on what would go, is an obstacle. Raises
    `Obstructed`; then nothing was written.
    """
    if change.kind in IRREVERSIBLE:
        raise Obstructed([_("この種類の操作は、取り消せません。公開した体制は、適用日の前であれば取り下げられます。")])
    about = {name: getattr(change, name) for name in ("about", "about_en", "address", "is_public")}
    effects: Effects = {}
    try:
        with recording(ChangeKind.REVERT, reverts=change, **(about | recorded)) as made, settle():
            rows = list(change.rows.order_by("pk"))
            effects = net(rows)
            if ask is not None:
                ask(made, effects)
            now = standing(effects)
            if reasons := obstacles(effects, change, now):
                raise Obstructed(reasons)
            _undo(rows, effects, now)
            _refuse_faulty(effects)
            connection.check_constraints()  # references are checked when a transaction ends: too late to say why
        return made
    except (ValidationError, InvalidTree) as error:
        raise Obstructed(getattr(error, "messages", None) or [str(error)]) from error
    except IntegrityError as error:
        raise Obstructed(_clashes(effects) or [_("いまのデータと両立しないため、取り消せません。")]) from error


def standing(effects: Effects) -> dict[Key, Values]:
    """The rows concerned as they are now, by columns."""
    found: dict[Key, Values] = {}
    for label, pks in by_model(effects).items():
        columns = columns_of(model_of(label))
        for some in chunks(pks):
            for row in model_of(label)._base_manager.filter(pk__in=some).values("pk", *columns):
                found[label, row["pk"]] = row
    return found


def _is_as_left(key: Key, column: str, effect: Net, now: dict[Key, Values]) -> bool:
    """Whether a column still holds what the change put there."""
    field = columns_of(model_of(key[0]))[column]
    return bool(value_of(field, (effect.after or {})[column]) == value_of(field, now[key][column]))


def obstacles(effects: Effects, change: Change, now: dict[Key, Values] | None = None) -> list[str]:
    """Why a change cannot be taken back now, in words: each reason names a row. Empty: it can."""
    if not effects:
        return [_("この変更には、取り消す内容がありません。")]
    now = standing(effects) if now is None else now
    later = [key for key, effect in effects.items() if _is_changed_since(key, effect, now)]
    hanging, lost = _hanging(effects), _lost(effects)
    found = [
        *_of_later(later, change),
        *_of_rows(hanging, _("%(kind)s「%(name)s」が、取り消すと消える項目に付いています。")),
        *_of_rows(lost, _("%(kind)s「%(name)s」が、その後に削除されています。先にその削除を取り消してください。")),
        *[
            _("%(kind)sの削除は、取り消せません。パスワードなどが履歴に残っていないためです。")
            % {"kind": model_of(label)._meta.verbose_name}
            for label in by_model(key for key, effect in effects.items() if effect.after is None)
            if _is_kept_in_part(label)
        ],
    ]
    more = sum(max(0, len(keys) - REASONS) for keys in (later, hanging, lost))
    return [*found, _("ほか%(count)s件") % {"count": more}] if more else found


def _is_changed_since(key: Key, effect: Net, now: dict[Key, Values]) -> bool:
    """Whether the row came back, went, or holds other values than the change left, order aside."""
    if effect.after is None or key not in now:
        return (effect.after is None) != (key not in now)
    columns = columns_of(model_of(key[0])).keys() & effect.after.keys() - {ORDER}
    return not all(_is_as_left(key, column, effect, now) for column in effect.differing if column in columns)


def _is_kept_in_part(label: str) -> bool:
    """Whether the journal leaves something of such a row out that cannot be worked out: a secret."""
    model = model_of(label)
    noted = journaled()[model._meta.db_table][1]
    return bool(columns_of(model).keys() - {*noted, model._meta.pk.column, *getattr(model, "derived", ())})


def _hanging(effects: Effects) -> list[Key]:
    """Rows that refer to one that would go, and that the change did not make so itself."""
    found = []
    public = {label for label, _columns in journaled().values()}
    for label, pks in by_model(key for key, effect in effects.items() if effect.before is None).items():
        for relation in _pointing_at(model_of(label)):
            model, field = relation.related_model, relation.field
            if relation.on_delete is models.SET_NULL and model._meta.label_lower not in public:
                continue
            for some in chunks(pks):
                for pk in model._base_manager.filter(**{f"{field.name}__in": some}).values_list("pk", flat=True):
                    key = (model._meta.label_lower, pk)
                    effect = effects.get(key)
                    if effect is None or (effect.before is not None and field.column not in effect.differing):
                        found.append(key)
    return list(dict.fromkeys(found))


def _pointing_at(model: type[models.Model]) -> list[Any]:
    """The relations by which rows refer to those of a model."""
    return [
        relation
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)
    ]


def _lost(effects: Effects) -> list[Key]:
    """Rows that would be referred to again, and that are no more."""
    wanted: set[Key] = set()
    for (label, _pk), effect in effects.items():
        for column, field in columns_of(model_of(label)).items():
            if effect.before is not None and isinstance(field, models.ForeignKey) and column in effect.differing:
                wanted.add((field.related_model._meta.label_lower, effect.before.get(column) or 0))
    coming = {key for key, effect in effects.items() if effect.after is None}
    wanted = {key for key in wanted if key[1]} - coming
    return sorted(wanted - fetched(wanted).keys())


def _of_later(keys: Sequence[Key], change: Change) -> list[str]:
    found = []
    shown = list(keys)[:REASONS]
    last: dict[Key, ChangedRow] = {}
    for label, pks in by_model(shown).items():
        since = ChangedRow.objects.filter(model=label, object_id__in=pks).exclude(change=change)
        last |= {(label, row.object_id): row for row in since.select_related("change").order_by("pk")}
    words = Words(last.values())
    for label, pk in shown:
        row = last.get((label, pk))
        names = {"kind": model_of(label)._meta.verbose_name, "name": words.of(row).name if row else f"#{pk}"}
        if row is None or row.change is None:
            found.append(_("%(kind)s「%(name)s」は、その後に変更されています。") % names)
            continue
        said = _(
            "%(kind)s「%(name)s」は、その後に変更されています（%(at)s、%(who)s）。先にその変更を取り消してください。"
        )
        who = row.change.user_name or row.change.get_kind_display()
        found.append(said % {**names, "at": date_format(row.at, "DATETIME_FORMAT"), "who": who})
    return list(dict.fromkeys(found))


def _of_rows(keys: Sequence[Key], said: str) -> list[str]:
    shown = list(keys)[:REASONS]
    words = Words(ChangedRow(model=label, object_id=pk) for label, pk in shown)
    return [said % {"kind": model_of(label)._meta.verbose_name, "name": words.name(label, pk)} for label, pk in shown]


@dataclass(frozen=True)
class Step:
    """One write of a change, the other way round."""

    row: ChangedRow
    columns: tuple[str, ...]
    values: Values

    @property
    def sort(self) -> tuple[str, str, tuple[str, ...]]:
        """What can be done in one statement."""
        return (self.row.model, self.row.kind, self.columns)


def _steps(rows: Sequence[ChangedRow], effects: Effects, now: dict[Key, Values]) -> Iterator[Step]:
    """The writes of a change from the last to the first: then every unique value is free when it is needed.

    A row that the change left standing gets only the columns that differ in the end: others may have been changed
    since.
    """
    for row in reversed(rows):
        key = (row.model, row.object_id)
        effect = effects.get(key)
        if effect is None:
            continue
        columns = [name for name in row.differing if name in columns_of(model_of(row.model))]
        if effect.before is None or effect.after is None:
            yield Step(row, tuple(columns) if row.kind == "~" else (), row.before or {})
        elif row.kind != "-":
            wanted = set(effect.differing)
            if ORDER in wanted and not _is_as_left(key, ORDER, effect, now):
                wanted.remove(ORDER)
            columns = [name for name in columns if name in wanted]
            step = ChangedRow(model=row.model, object_id=row.object_id, kind="~", before=row.before, after=row.after)
            if columns:
                yield Step(step, tuple(columns), row.before or effect.before)


def _undo(rows: Sequence[ChangedRow], effects: Effects, now: dict[Key, Values]) -> None:
    """Past the models' own ways of writing, which would take each row by itself; `_refuse_faulty` asks them after."""
    for (label, kind, columns), alike in groupby(_steps(rows, effects, now), lambda step: step.sort):
        model, steps = model_of(label), list(alike)
        with settle() as pending:
            if issubclass(model, OrderedTree):
                owner = model._meta.get_field(model.tree_owner).column
                for step in steps:
                    for values in (step.row.before, step.row.after, step.values):
                        if values:
                            pending[model, values[owner]] += []
            if kind == "+":
                _remove(model, [step.row.object_id for step in steps])
            elif kind == "-":
                back = [instance_of(label, step.row.object_id, step.values) for step in steps]
                created: models.QuerySet[Any] = models.QuerySet(model)
                created.bulk_create(back)
            else:
                _put_back(model, columns, steps)


def _remove(model: type[models.Model], pks: Sequence[int]) -> None:
    for some in chunks(pks):
        for relation in _pointing_at(model):
            if relation.on_delete is models.SET_NULL:  # who did what stays known by name when an account goes
                rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": some})
                rows.update(**{relation.field.name: None})
        rows = models.QuerySet(model).filter(pk__in=some)
        rows._raw_delete(rows.db)


def _put_back(model: type[models.Model], columns: Sequence[str], steps: Sequence[Step]) -> None:
    fields = columns_of(model)
    rows = []
    for step in steps:
        values = [(fields[name], value_of(fields[name], step.values.get(name))) for name in columns]
        rows.append([*(field.get_db_prep_save(value, connection) for field, value in values), step.row.object_id])
    write_columns(model, columns, rows, connection.alias)


def _refuse_faulty(effects: Effects) -> None:
    """The rules of the models that the database does not hold, for what was put back. Raises `ValidationError`."""
    ruled = {
        key: effect
        for key, effect in effects.items()
        if effect.before is not None and model_of(key[0]).clean is not models.Model.clean
    }
    found = fetched(ruled)
    tie(found.values())
    for key, instance in found.items():
        instance._state.adding = effects[key].after is None
        instance.clean()


def _clashes(effects: Effects) -> list[str]:
    """Which rows hold what would be put back and may stand only once, in words; of a few rows only."""
    found = []
    for (label, pk), effect in [(key, each) for key, each in effects.items() if each.before is not None][:REASONS]:
        instance = instance_of(label, pk, effect.before or {})
        instance._state.adding = effect.after is None
        try:
            instance.validate_unique()
            instance.validate_constraints()
        except ValidationError as error:
            name = Words([ChangedRow(model=label, object_id=pk)]).name(label, pk)
            found += [f"{instance._meta.verbose_name}「{name}」：{message}" for message in error.messages]
    return found

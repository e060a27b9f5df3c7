"""Plans: what tables of rows add and change, all of it checked before the first row is written, and the writing.

A plan is made from texts: every table is compared with what is stored, references are resolved across all tables, and
only rows that differ become instances of their models, so that the models' own rules can be asked. Writing is bulk, in
one transaction; what only the database can refuse is narrowed down to its rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.utils.translation import gettext as _

from portal.bulk import chunks, insert_rows, update_rows
from portal.resources import CodesWidget, Dataset, Key, datasets, messages
from portal.tree import settle
from portal.workbook.book import address
from portal.workbook.compare import Line, State, Twice, circles, compare

MANY = 1000  # problems of a table after which it is not looked for single rows that the database refuses
FEW = 1800  # so many keys are asked for by themselves; for more, the whole dataset is read


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong or worth a look, and where: the table, the row as a spreadsheet counts it, the column's name.

    `at` is the number of the column in its sheet, where there is one.
    """

    place: str
    message: str
    row: int = 0
    column: str = ""
    is_warning: bool = False
    at: int = 0

    @property
    def cell(self) -> str:
        """`bodies!B3`: where a spreadsheet finds it."""
        return address(self.place, self.row, self.at)

    def __str__(self) -> str:
        row = _("%(row)s行目") % {"row": self.row} if self.row else ""
        column = _("列「%(column)s」") % {"column": self.column} if self.column else ""
        return f"{' '.join(filter(None, [self.place, row, column]))}: {self.message}"


@dataclass
class Table:
    """Rows of a dataset as texts that its widgets read, with the row numbers by which messages name them.

    A text of None leaves the value as it is. `faulty` are cells, by row number, that hold nothing to be used; that is
    told already. `is_whole` is false where rows of the file are missing here: then nobody says that they do not exist.
    """

    dataset: Dataset
    place: str
    columns: tuple[str, ...]
    rows: list[tuple[int, list[Any]]]  # texts, or None
    faulty: dict[int, frozenset[str]] = field(default_factory=dict)
    is_whole: bool = True
    positions: dict[str, int] = field(default_factory=dict)  # in a sheet: the number of each column


@dataclass(eq=False, slots=True)
class Item:
    """A row that differs from what is stored, as the instance that it becomes."""

    line: Line
    instance: models.Model
    faulty: frozenset[str]
    joined: dict[str, list[Key]] = field(default_factory=dict)  # many-to-many: attribute → keys

    def text(self, column: str) -> str | None:
        """What the cell will hold; None where neither the file nor the database says."""
        return self.line.cells.get(column, self.line.stored.get(column))


class Wording:
    """How a plan says what is wrong with a row. That of workbooks says more: see `portal.workbook.tables`."""

    def absent(self, dataset: Dataset, key: Key, known: Callable[[], Collection[Key]]) -> str:
        """That no row of a dataset has this key; `known` tells which have one."""
        return _("「%(value)s」がありません。") % {"value": ", ".join(key)}

    def incomplete(self, dataset: Dataset, column: str) -> str:
        """That a cell says nothing without another in its row."""
        return _("列「%(column)s」も必要です。") % {"column": column}

    def refused(self, text: str, message: str) -> str:
        """What a rule says of a cell's text."""
        return message

    def doubt(self, dataset: Dataset, column: str, text: str) -> str:
        """What someone should look at before the text is written; empty: nothing."""
        return ""


def stored(
    dataset: Dataset, columns: Sequence[str], using: str, keys: Iterable[Key] | None = None
) -> tuple[dict[Key, list[str]], dict[Key, int]]:
    """What is stored, as texts in the order of `columns`, and the primary keys, both by natural key."""
    wanted = None if keys is None else set(keys)
    names = list(dict.fromkeys([*columns, *dataset.key_columns]))
    fields = dataset.columns
    joins = {name for name in names if isinstance(fields[name].widget, CodesWidget)}
    plain = [name for name in names if name not in joins]
    rows = dataset.model._base_manager.using(using).order_by()
    attributes = ["pk", *(fields[name].attribute for name in plain)]
    held: list[Any] = []
    if wanted is None or len(wanted) > FEW:
        held = list(rows.values_list(*attributes))
    else:
        last = fields[dataset.key_columns[-1]].attribute
        for some in chunks(sorted({key[-1] for key in wanted})):
            held += rows.filter(**{f"{last}__in": some}).values_list(*attributes)
    if not held:
        return {}, {}
    pks, *values = (list(column) for column in zip(*held, strict=True))
    texts = {name: _rendered(fields[name].widget, column) for name, column in zip(plain, values, strict=True)}
    for name in joins:
        codes = _joined(dataset, fields[name].attribute, using)
        texts[name] = [";".join(sorted(codes.get(pk, ()))) for pk in pks]
    found = list(zip(*(texts[name] for name in dataset.key_columns), strict=True))
    by_key = dict(zip(found, map(list, zip(*(texts[name] for name in columns), strict=True)), strict=True))
    return by_key, dict(zip(found, pks, strict=True))


def _rendered(widget: Any, values: list[Any]) -> list[str]:
    # Few values differ, and most are text already: some hundred thousand cells go through here.
    known: dict[Any, str] = {}
    for value in set(values):
        known[value] = value if isinstance(value, str) else "" if value is None else widget.render(value)
    return [known[value] for value in values]


def _joined(dataset: Dataset, attribute: str, using: str) -> dict[int, list[str]]:
    relation: Any = dataset.model._meta.get_field(attribute)
    rows = relation.remote_field.through._base_manager.using(using)
    found: dict[int, list[str]] = defaultdict(list)
    for pk, code in rows.values_list(f"{relation.m2m_field_name()}_id", f"{relation.m2m_reverse_field_name()}__code"):
        found[pk].append(code)
    return found


class Plan:
    """What the tables would do. Make it while the revision is held, or what it says may be outdated when it is written.

    `counts` has, for each dataset with a table, its rows by state. `problems` stand in the order of tables and rows;
    without an error among them the plan can be written. With a `user` what they may not write is a fault, and what
    they may not see is not read. `progress` is told how many rows are done, and of how many: each is compared, checked
    and written.
    """

    def __init__(
        self,
        tables: Iterable[Table],
        using: str = DEFAULT_DB_ALIAS,
        *,
        wording: Wording | None = None,
        user: Any = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        by_model = {table.dataset.model: table for table in tables}
        self.using = using
        self.datasets = {dataset.model: dataset for dataset in datasets()}
        self.tables = {model: by_model[model] for model in self.datasets if model in by_model}
        self.lines: dict[type[models.Model], list[Line]] = {}
        self.items: dict[type[models.Model], dict[Key, Item]] = {model: {} for model in self.datasets}
        self._wording, self._user = wording or Wording(), user
        self._told: dict[str, list[Problem]] = {table.place: [] for table in self.tables.values()}
        self._faulted: set[tuple[str, int]] = set()  # rows with a fault, by table and number
        self._positions = {table.place: table.positions for table in self.tables.values()}
        self._fetched: dict[type[models.Model], dict[Key, models.Model]] = {model: {} for model in self.datasets}
        self._cleaned: dict[tuple[type[models.Model], str], dict[str, Any]] = defaultdict(dict)
        self._keys: dict[type[models.Model], set[Key]] = {}
        self._progress = progress or (lambda done, total: None)
        self._sizes = {table.place: len(table.rows) for table in self.tables.values()}
        self._done = 0
        self._open: set[int] = set()  # the ids of instances with an end left open: no rule can look through them
        for model, table in self.tables.items():
            if user is None or user.has_perm(_permission(model, "view")):
                self._compare(model, table)
            else:
                self.lines[model] = []
                table.is_whole = False
                self.tell(table.place, _("この種類のデータを見る権限がありません。"))
            table.rows.clear()  # of many rows a good part of the memory; the lines have what is needed of them
            self._advance(table)
        self._resolve()
        for model, table in self.tables.items():
            for item in self.items[model].values():
                self._fill(table, item)
        self._cleaned.clear()
        for model, table in self.tables.items():
            for item in self.items[model].values():
                self._validate(table, item)
            self._refuse_circles(model, table)
            if user is not None:
                self._refuse_rights(table, user)
            self._advance(table)

    def _advance(self, table: Table) -> None:
        self._done += self._sizes[table.place]
        self._progress(self._done, 3 * sum(self._sizes.values()))

    @property
    def problems(self) -> list[Problem]:
        return [each for told in self._told.values() for each in sorted(told, key=lambda problem: problem.row)]

    @property
    def faults(self) -> list[Problem]:
        return [problem for problem in self.problems if not problem.is_warning]

    @property
    def counts(self) -> dict[str, Counter[str]]:
        """`added`, `changed` and `unchanged` rows by dataset; a row with a fault is counted as what it would be."""
        counted = {}
        for model, lines in self.lines.items():
            counted[self.datasets[model].name] = Counter({state.value: 0 for state in State})
            counted[self.datasets[model].name].update(line.state.value for line in lines)
        return counted

    def tell(self, place: str, message: str, row: int = 0, column: str = "", *, is_warning: bool = False) -> None:
        if not is_warning:
            self._faulted.add((place, row))
        self._told[place].append(
            Problem(place, message, row, column, is_warning, self._positions[place].get(column, 0))
        )

    # From texts to instances

    def _compare(self, model: type[models.Model], table: Table) -> None:
        lines = self.lines[model] = []
        if not table.rows:
            return  # its columns may lack those of the key
        dataset, places = table.dataset, [table.columns.index(name) for name in table.dataset.key_columns]
        keys = {tuple([texts[place] or "" for place in places]) for _number, texts in table.rows}
        for place in [table.columns.index(name) for name in _joins(dataset) if name in table.columns]:
            for _number, texts in table.rows:
                texts[place] = _in_order(texts[place])
        before, pks = stored(dataset, table.columns, self.using, keys)
        differing: dict[int, Line] = {}
        for found in compare(table.columns, dataset.key_columns, table.rows, before, table.faulty):
            if isinstance(found, Twice):
                names = {"key": ", ".join(found.key), "row": found.earlier}
                text = _("同じキー（%(key)s）の行が %(row)s行目にもあります。") % names
                self.tell(table.place, text, found.number, dataset.key_columns[-1])
                continue
            lines.append(found)
            if found.state is State.ADDED:
                self.items[model][found.key] = Item(found, model(), found.faulty)
            elif found.state is State.CHANGED:
                differing[pks[found.key]] = found
        for pk, instance in self._in_bulk(dataset, differing):
            line = differing[pk]
            self.items[model][line.key] = Item(line, instance, line.faulty)

    def _in_bulk(self, dataset: Dataset, pks: Iterable[int]) -> Iterator[tuple[int, models.Model]]:
        for some in chunks(list(pks)):
            for instance in dataset.rows().using(self.using).order_by().filter(pk__in=some):
                yield instance.pk, instance

    def _wanted(self, dataset: Dataset, item: Item) -> Iterator[tuple[str, Any, Key | None]]:
        """The rows that a row refers to: the attribute, the model, and the key (None: it says of none)."""
        for attribute, columns in dataset.references.items():
            key = tuple([item.text(name) for name in columns])
            if None in key:
                yield attribute, _target(dataset, attribute), None
            else:
                yield attribute, _target(dataset, attribute), key  # type: ignore[misc]  # no None among them

    def _resolve(self) -> None:
        """Fetch what rows refer to and what stays as it is, once for each dataset."""
        wanted: dict[type[models.Model], set[Key]] = defaultdict(set)
        for model, items in self.items.items():
            dataset = self.datasets[model]
            joins = _joins(dataset)
            for item in items.values():
                for _attribute, target, key in self._wanted(dataset, item):
                    if key is not None and key[-1]:
                        wanted[target].add(key)
                for name, attribute in joins.items():
                    if name in item.line.cells:
                        codes: list[Key] = [(code,) for code in item.line.cells[name].split(";") if code]
                        item.joined[attribute] = codes
                        wanted[dataset.joined(attribute)].update(codes)
        for model, keys in wanted.items():
            dataset = self.datasets[model]
            unplanned = keys - self.items[model].keys()
            if not unplanned:
                continue
            _texts, pks = stored(dataset, dataset.key_columns, self.using, unplanned)
            by_pk = {pks[key]: key for key in unplanned if key in pks}
            self._fetched[model] = {by_pk[pk]: instance for pk, instance in self._in_bulk(dataset, by_pk)}

    def _end(self, model: type[models.Model], key: Key) -> models.Model | None:
        item = self.items[model].get(key)
        return item.instance if item is not None else self._fetched[model].get(key)

    def _fill(self, table: Table, item: Item) -> None:
        """Put the cells of a line into its instance, and say what is wrong with them."""
        dataset, line = table.dataset, item.line
        fields = dataset.columns
        for name, text in dataset.complete(line.cells, line.given).items():
            if name in line.given:
                continue
            old = fields[name].export(item.instance)
            if text != old:
                line.derived |= {name}
                line.cells[name] = text
                line.stored.setdefault(name, old)
        for name, text in line.cells.items():
            column = fields[name]
            if column.readonly or isinstance(column.widget, CodesWidget):
                continue
            known = self._cleaned[dataset.model, name]
            if text not in known:
                value, faults = _clean(dataset, column, text)
                said = [self._wording.refused(text, message) for message in faults]
                known[text] = value, said, self._wording.doubt(dataset, name, text)
            value, faults, doubt = known[text]
            for message in faults:
                self.tell(table.place, message, item.line.number, name)
            if doubt:
                self.tell(table.place, doubt, item.line.number, name, is_warning=True)
            if faults:
                item.faulty |= {name}
            else:
                setattr(item.instance, column.attribute, value)
        self._fill_references(table, item)
        for name, attribute in _joins(dataset).items():
            target = dataset.joined(attribute)
            for key in item.joined.get(attribute, []):
                if self._end(target, key) is None and self._is_whole(target):
                    self._tell_absent(table, item, name, target, key)

    def _fill_references(self, table: Table, item: Item) -> None:
        dataset, is_new = table.dataset, item.line.state is State.ADDED
        for attribute, target, key in self._wanted(dataset, item):
            columns = dataset.references[attribute]
            reference: Any = dataset.model._meta.get_field(attribute)
            if item.faulty.intersection(columns):
                self._open.add(id(item.instance))
            elif key is None:
                if is_new and not reference.null:
                    self.tell(table.place, _("この列が必要です。"), item.line.number, columns[-1])
                    item.faulty |= {columns[-1]}
                    self._open.add(id(item.instance))
            elif (end := self._end(target, key)) is not None:
                setattr(item.instance, attribute, end)
            elif not key[-1] and not reference.null:
                self.tell(table.place, _("この列が必要です。"), item.line.number, columns[-1])
                item.faulty |= {columns[-1]}
                self._open.add(id(item.instance))
            elif not key[-1] and (
                needing := [name for name in first_part(dataset, attribute) if item.line.cells.get(name)]
            ):
                self.tell(table.place, self._wording.incomplete(dataset, columns[-1]), item.line.number, needing[0])
                item.faulty |= {needing[0]}
            elif key[-1]:
                if self._is_whole(target):
                    self._tell_absent(table, item, columns[-1], target, key)
                item.faulty |= {columns[-1]}
                self._open.add(id(item.instance))
            elif getattr(item.instance, reference.attname) is not None:
                setattr(item.instance, attribute, None)

    def _is_whole(self, model: type[models.Model]) -> bool:
        return model not in self.tables or self.tables[model].is_whole

    def _tell_absent(self, table: Table, item: Item, column: str, target: type[models.Model], key: Key) -> None:
        said = self._wording.absent(self.datasets[target], key, lambda: self._known(target))
        self.tell(table.place, said, item.line.number, column)

    def _known(self, model: type[models.Model]) -> Collection[Key]:
        """The keys of a dataset that the user may see, those of new rows among them."""
        if self._user is not None and not self._user.has_perm(_permission(model, "view")):
            return ()
        if model not in self._keys:
            dataset = self.datasets[model]
            self._keys[model] = {*self.items[model], *stored(dataset, dataset.key_columns, self.using)[1]}
        return self._keys[model]

    # Rules

    def _validate(self, table: Table, item: Item) -> None:
        dataset = table.dataset
        by_attribute = _by_attribute(dataset)
        errors: list[tuple[str, str]] = []
        if item.line.state is State.ADDED:
            errors += self._lacking(dataset, item, by_attribute)
        if item.line.state is State.CHANGED:
            for name in item.line.cells.keys() & set(dataset.fixed):
                self.tell(table.place, _("この列は、行を加えたあとには変えられません。"), item.line.number, name)
        if not item.faulty and not self._is_open(dataset, item.instance):
            try:
                dataset.check(item.instance, {dataset.columns[name].attribute for name in item.line.cells})
            except ValidationError as error:
                errors += messages(error)
            for name, text in dataset.warnings(item.instance):
                self.tell(table.place, text, item.line.number, name, is_warning=True)
        for attribute, text in errors:
            self.tell(table.place, text, item.line.number, by_attribute.get(attribute, ""))

    def _is_open(self, dataset: Dataset, instance: models.Model) -> bool:
        """Whether a row, or a new one that it stands on, has an end left open: its rules cannot be asked."""
        if id(instance) in self._open:
            return True
        held = instance._state.fields_cache
        if any(id(held.get(name)) in self._open for name in dataset.self_references):
            return True
        ends = [held.get(name) for name in dataset.references if name not in dataset.self_references]
        return any(self._is_open(self.datasets[type(end)], end) for end in ends if end is not None and end.pk is None)

    def _lacking(self, dataset: Dataset, item: Item, by_attribute: Mapping[str, str]) -> list[tuple[str, str]]:
        """What a new row needs and was not given."""
        given = {dataset.columns[name].attribute for name in (*item.line.cells, *item.faulty)}
        found: list[tuple[str, str]] = []
        for each in dataset.model._meta.concrete_fields:
            name = each.name
            if name in by_attribute and name not in given and name not in dataset.references and not each.blank:
                try:
                    each.clean(getattr(item.instance, each.attname), item.instance)
                except ValidationError as error:
                    found += [(name, text) for text in error.messages]
        return found

    def _refuse_circles(self, model: type[models.Model], table: Table) -> None:
        """A row cannot stand under itself; found here so that the message names the row."""
        dataset = table.dataset
        for name in grounds(dataset):
            columns = dataset.references[name]
            asked = [
                item
                for item in self.items[model].values()
                if columns[-1] in item.line.cells and item.line.cells[columns[-1]]
            ]
            if not asked:
                continue
            both = (*dataset.key_columns, *columns)
            texts, _pks = stored(dataset, both, self.using)
            above = {key: tuple(row[len(dataset.key_columns) :]) for key, row in texts.items()}
            for key, item in self.items[model].items():
                above[key] = tuple([item.text(column) or "" for column in columns])
            parents = {key: end if end[-1] else None for key, end in above.items()}
            rows = {item.line.key: item.line.number for item in asked}
            for key in circles(parents, rows):
                said = self._wording.refused((parents[key] or key)[-1], _("たどっていくと、自分自身に戻ります。"))
                self.tell(table.place, said, rows[key], columns[-1])

    def _refuse_rights(self, table: Table, user: Any) -> None:
        items = list(self.items[table.dataset.model].values())
        actions = {State.ADDED: "add", State.CHANGED: "change"}
        may = {state: user.has_perm(_permission(table.dataset.model, action)) for state, action in actions.items()}
        said = {
            State.ADDED: _("この種類のデータを加える権限がありません。"),
            State.CHANGED: _("この種類のデータを変更する権限がありません。"),
        }
        for item in items:
            if not may[item.line.state]:
                self.tell(table.place, said[item.line.state], item.line.number)
        # Of a row with an end left open nobody can tell whose it is; it is not written anyway.
        known = [item for item in items if not self._is_open(table.dataset, item.instance)]
        refused = table.dataset.refusals(user, [(item.instance, item.line.stored) for item in known])
        for place, message in refused.items():
            self.tell(table.place, message, known[place].line.number)

    # Writing

    def write(self) -> None:
        """Write what was planned. What the database refuses becomes a fault; then the caller must undo the rest.

        Rows with a fault are left out, and what stands on them: so it is told of the others what the database refuses.
        """
        with settle(self.using):
            for model in self.datasets:
                if self.items[model]:
                    self._write(self.datasets[model], list(self.items[model].values()))
                if model in self.tables:
                    self._advance(self.tables[model])
        if connections[self.using].vendor == "postgresql" and sum(map(len, self.items.values())) > 1000:
            with connections[self.using].cursor() as cursor:
                cursor.execute("ANALYZE")  # until autovacuum comes by, the planner would take full tables for empty

    def _write(self, dataset: Dataset, items: list[Item]) -> None:
        place = self.tables[dataset.model].place
        items = [each for each in items if not each.faulty and (place, each.line.number) not in self._faulted]
        loose = set(dataset.self_references).difference(grounds(dataset))
        later: list[tuple[Item, str, models.Model]] = []
        written: list[Item] = []
        for level in self._levels(dataset, items):
            ready = []
            for item in level:
                ends = {name: getattr(item.instance, name) for name in dataset.references}
                unwritten = {name for name, end in ends.items() if end is not None and end.pk is None}
                if unwritten - loose:
                    continue  # what it hangs on was refused: that is the fault
                for name in unwritten:  # two new rows may point to each other: this one is written again later
                    setattr(item.instance, name, None)
                    later.append((item, name, ends[name]))
                ready.append(item)
            written += self._put(dataset, ready)
        pointing = [
            (item, name, end) for item, name, end in later if end.pk is not None and item.instance.pk is not None
        ]
        for item, name, end in pointing:
            setattr(item.instance, name, end)
        for name in {name for _item, name, _end in pointing}:
            self._update(dataset, (name,), [item for item, other, _end in pointing if other == name])
        self._join(dataset, written)

    def _levels(self, dataset: Dataset, items: list[Item]) -> Iterator[list[Item]]:
        """New rows after those that they stand on."""
        firm = grounds(dataset)
        if not firm:
            yield items
            return
        by_instance = {id(item.instance): item for item in items}
        new = {key for key, item in by_instance.items() if item.line.state is State.ADDED}
        order = TopologicalSorter[int]()
        for key, item in by_instance.items():
            order.add(key, *new.intersection(id(getattr(item.instance, name)) for name in firm))
        order.prepare()
        while order.is_active():
            ready = order.get_ready()
            yield [by_instance[key] for key in sorted(ready, key=lambda key: by_instance[key].line.number)]
            order.done(*ready)

    def _put(self, dataset: Dataset, items: list[Item]) -> list[Item]:
        """Returns what was written."""
        written: list[Item] = []
        alike: dict[tuple[str, ...], list[Item]] = defaultdict(list)
        for item in items:
            if item.line.state is State.CHANGED:
                alike[_changed_fields(dataset, item)].append(item)
        for names, some in alike.items():
            written += self._update(dataset, names, some) if names else some
        # After the others: a new row may take a number that one of them has given up.
        return written + self._insert(dataset, [item for item in items if item.line.state is State.ADDED])

    def _insert(self, dataset: Dataset, items: list[Item]) -> list[Item]:
        def insert(some: list[Item]) -> None:
            for item in some:  # an attempt that was undone left its keys
                item.instance.pk, item.instance._state.adding = None, True
            insert_rows([item.instance for item in some], self.using)

        return self._narrowing(dataset, items, insert)

    def _update(self, dataset: Dataset, names: tuple[str, ...], items: list[Item]) -> list[Item]:
        def update(some: list[Item]) -> None:
            update_rows([item.instance for item in some], names, self.using)

        return self._narrowing(dataset, items, update)

    def _narrowing(self, dataset: Dataset, items: list[Item], act: Callable[[list[Item]], None]) -> list[Item]:
        """Do it with all at once; where the database refuses, with halves, until the rows at fault are known."""
        if not items:
            return []
        try:
            with transaction.atomic(using=self.using):
                act(items)
        except (IntegrityError, ValidationError) as error:
            if len(items) > 1 and len(self._told[self.tables[dataset.model].place]) < MANY:
                middle = len(items) // 2
                halves = items[:middle], items[middle:]
                return [item for half in halves for item in self._narrowing(dataset, half, act)]
            self._tell_refused(dataset, items[0], error)
            items[0].instance.pk = None
            return []
        return items

    def _tell_refused(self, dataset: Dataset, item: Item, error: IntegrityError | ValidationError) -> None:
        place = self.tables[dataset.model].place
        found = messages(error) if isinstance(error, ValidationError) else [(NON_FIELD_ERRORS, str(error))]
        if isinstance(error, IntegrityError):
            try:
                item.instance.validate_unique()
                item.instance.validate_constraints()
            except ValidationError as violated:
                found = messages(violated)
        by_attribute = _by_attribute(dataset)
        for name, text in found:
            self.tell(place, text, item.line.number, by_attribute.get(name, ""))

    def _join(self, dataset: Dataset, items: list[Item]) -> None:
        """Bring the many-to-many rows in line."""
        for attribute in _joins(dataset).values():
            wanted = {
                item.instance.pk: {
                    end.pk
                    for key in item.joined[attribute]
                    if (end := self._end(dataset.joined(attribute), key)) is not None and end.pk is not None
                }
                for item in items
                if attribute in item.joined
            }
            relation: Any = dataset.model._meta.get_field(attribute)
            through = relation.remote_field.through._base_manager.using(self.using)
            source, target = f"{relation.m2m_field_name()}_id", f"{relation.m2m_reverse_field_name()}_id"
            standing: set[tuple[int, int]] = set()
            surplus: list[int] = []
            for some in chunks(list(wanted)):
                for pk, one, other in through.filter(**{f"{source}__in": some}).values_list("pk", source, target):
                    standing.add((one, other))
                    if other not in wanted[one]:
                        surplus.append(pk)
            for some in chunks(surplus):
                through.filter(pk__in=some).delete()
            pairs = [(one, other) for one, others in wanted.items() for other in sorted(others)]
            missing = [pair for pair in pairs if pair not in standing]
            through.bulk_create([through.model(**{source: one, target: other}) for one, other in missing])


def grounds(dataset: Dataset) -> list[str]:
    """The self-references that a row stands on. One that is emptied when its end goes (SET_NULL) only points there."""
    keys: list[Any] = [dataset.model._meta.get_field(name) for name in dataset.self_references]
    return [key.name for key in keys if key.remote_field.on_delete is not models.SET_NULL]


def _half_given(dataset: Dataset, attribute: str, item: Item) -> str:
    """The column of a reference that a row fills without the one which says of what; empty: none."""
    return next((name for name in first_part(dataset, attribute) if item.line.cells.get(name)), "")


def first_part(dataset: Dataset, attribute: str) -> list[str]:
    """The columns of a reference that say nothing but the first part of its key."""
    lasts = {columns[-1] for columns in dataset.references.values()}
    return [
        name for name in dataset.references[attribute][:-1] if name not in lasts and name not in dataset.key_columns
    ]


def _by_attribute(dataset: Dataset) -> dict[str, str]:
    """The column that a message about an attribute names."""
    named = {column.attribute: name for name, column in dataset.columns.items()}
    return named | {attribute: columns[-1] for attribute, columns in dataset.references.items()}


def _permission(model: type[models.Model], action: str) -> str:
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def _target(dataset: Dataset, attribute: str) -> Any:
    return dataset.model._meta.get_field(attribute).related_model


def _joins(dataset: Dataset) -> dict[str, str]:
    """The many-to-many columns: name → attribute."""
    return {
        name: column.attribute for name, column in dataset.columns.items() if isinstance(column.widget, CodesWidget)
    }


def _in_order(codes: str | None) -> str | None:
    return ";".join(sorted(filter(None, codes.split(";")))) if codes else codes


def _changed_fields(dataset: Dataset, item: Item) -> tuple[str, ...]:
    """The model fields behind the columns that differ."""
    names = {
        column.attribute
        for name in item.line.cells
        if not (column := dataset.columns[name]).readonly and not isinstance(column.widget, CodesWidget)
    }
    names |= {
        attribute for attribute, columns in dataset.references.items() if not item.line.cells.keys().isdisjoint(columns)
    }
    return tuple(sorted(names))


def _clean(dataset: Dataset, column: Any, text: str) -> tuple[Any, list[str]]:
    """A cell's value and what is wrong with it, by the widget and the field: a text says the same in every row."""
    try:
        value = column.clean({column.column_name: text})
    except ValueError as error:
        return None, [str(error)]
    model_field: Any = dataset.model._meta.get_field(column.attribute)
    if model_field.blank and value in model_field.empty_values:
        return value, []
    try:
        return model_field.clean(value, None), []
    except ValidationError as error:
        return None, list(error.messages)

"""What a dataset is: one kind of row, one import-export Resource, one file, one download.

A dataset's columns are its Resource's fields. Its natural key is `Meta.import_id_fields`. A foreign key is written as
the natural key of the row it points to: `references = {"placement": ("structure", "body")}` says which columns hold it.
Widgets are strict both ways: what they write they read back, and anything else is an error that says what was expected.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import cached_property
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from import_export import resources, widgets
from import_export.fields import Field

from portal.models import Source

Key = tuple[str, ...]
Rows = Sequence[tuple[Any, Mapping[str, str]]]  # instances as they are to be, each with the texts stored before
CITED = ("source", "locator", "locator_en", "evidence", "remark", "remark_en")  # the last columns of what is Cited


class TextWidget(widgets.Widget):
    """Text, kept to the letter."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        if "\0" in value:
            raise ValueError(_("使えない文字（NUL）が含まれています。"))
        return value


class IntegerWidget(widgets.Widget):
    """A whole number in up to `digits` ASCII digits; an empty cell is no number where the field allows none."""

    def __init__(self, *, null: bool = False, digits: int = 9) -> None:
        super().__init__()
        self.null, self.digits = null, digits

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> int | None:
        if self.null and not value:
            return None
        if not (value.isascii() and value.isdigit()) or len(value) > self.digits:
            raise ValueError(_("0以上の整数を半角数字で書いてください（「%(value)s」）。") % {"value": value})
        return int(value)


class DecimalWidget(widgets.Widget):
    """A number with a decimal point and no thousands separator; an empty cell is no number."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Decimal | None:
        if not value:
            return None
        try:
            number = Decimal(value) if value.isascii() else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite() or self.render(number) != value:
            raise ValueError(_("数値は 1300 や -0.5 の形で書いてください（「%(value)s」）。") % {"value": value})
        return number

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        """The shortest form, the same whatever places the database keeps: 130, not 130.0000."""
        if value is None:
            return ""
        return f"{value.normalize():f}" if value else "0"


class DateWidget(widgets.Widget):
    """A day as YYYY-MM-DD; an empty cell is no date."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> datetime.date | None:
        if not value:
            return None
        try:
            day = datetime.date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            raise ValueError(_("日付は 2025-04-01 の形で書いてください（「%(value)s」）。") % {"value": value})
        return day


class BooleanWidget(widgets.Widget):
    """`true` or `false`."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise ValueError(_("true か false を書いてください（「%(value)s」）。") % {"value": value})
        return value == "true"

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "true" if value else "false"


class CodesWidget(widgets.Widget):
    """Codes of rows that a row is joined to, joined by `;`."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> list[str]:
        return sorted(filter(None, value.split(";")))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ";".join(sorted(row.code for row in value.all())) if value is not None else ""


class Dataset(resources.ModelResource):
    """The base of every dataset."""

    references: ClassVar[dict[str, Key]] = {}
    file: ClassVar[str] = ""  # where the plural is irregular
    years: ClassVar[Key] = ()  # columns of fiscal years
    fixed: ClassVar[Key] = ()  # columns that stay as they were when the row was made: others rely on them
    needs: ClassVar[Key] = ()  # what else the rules of its rows look through
    order: ClassVar[Key] = ()  # attributes that rows are written in the order of; then the natural key decides

    @classmethod
    def widget_from_django_field(cls, f: models.Field[Any, Any], default: Any = widgets.Widget) -> Any:
        types: dict[type[models.Field[Any, Any]], type[widgets.Widget]] = {
            models.DateField: DateWidget,
            models.BooleanField: BooleanWidget,
            models.PositiveIntegerField: IntegerWidget,
            models.PositiveBigIntegerField: IntegerWidget,
            models.DecimalField: DecimalWidget,
            models.ManyToManyField: CodesWidget,
        }
        return next((widget for kind, widget in types.items() if isinstance(f, kind)), TextWidget)

    @classmethod
    def widget_kwargs_for_field(cls, field_name: str, django_field: Any) -> dict[str, Any]:
        if isinstance(django_field, models.PositiveBigIntegerField):
            return {"null": django_field.null, "digits": 18}
        return {"null": django_field.null} if isinstance(django_field, models.PositiveIntegerField) else {}

    @property
    def model(self) -> type[models.Model]:
        return self._meta.model

    @property
    def name(self) -> str:
        """The name of its file and its download: `placements`."""
        return self.file or f"{self.model._meta.model_name}s"

    @property
    def key_columns(self) -> Key:
        return tuple(self._meta.import_id_fields)

    @property
    def self_references(self) -> list[str]:
        """The foreign keys by which one of its rows points to another."""
        return [name for name in self.references if self.model._meta.get_field(name).related_model is self.model]

    def joined(self, attribute: str) -> type[models.Model]:
        """The model whose codes a many-to-many column holds."""
        return self.model._meta.get_field(attribute).related_model  # type: ignore[return-value]  # a model class

    @cached_property
    def columns(self) -> dict[str, Field]:
        """The fields by column name, in the order of the file."""
        return {field.column_name: field for field in self.get_export_fields()}

    def key(self, instance: models.Model) -> Key:
        """The natural key of a row, as its file writes it."""
        return tuple(self.columns[name].export(instance) for name in self.key_columns)

    def rows(self) -> models.QuerySet[Any]:
        """Every row, in the order of the file, with what its keys need."""
        paths = [field.attribute.rpartition("__")[0] for field in self.columns.values() if "__" in field.attribute]
        names = [field.name for field in self.model._meta.local_many_to_many]
        return self.model._default_manager.select_related(*paths, *self.needs).prefetch_related(*names)

    def in_order(self, rows: Iterable[models.Model]) -> list[models.Model]:
        """The same order on every database, whatever the primary keys."""

        def place(row: models.Model) -> tuple[Any, ...]:
            return (*(Field(attribute=name).get_value(row) for name in self.order), self.key(row))

        return sorted(rows, key=place)

    def check(self, instance: models.Model, changed: set[str]) -> None:
        """The model's own rules for a row that is to be written. Raises `ValidationError`.

        `changed` are the attributes of the columns that differ from what is stored.
        """
        instance.clean()

    def complete(self, cells: Mapping[str, str], given: Set[str]) -> dict[str, str]:
        """Columns with texts that follow from those that are to be written, where the file does not give them itself.

        `cells` are the texts that differ from what is stored, `given` the columns that have a text in the file.
        """
        return {}

    def warnings(self, instance: Any) -> Iterator[tuple[str, str]]:
        """What someone should look at again: columns and words. Nothing of it keeps a row from being written."""
        yield from ()

    def refusals(self, user: Any, rows: Rows) -> dict[int, str]:
        """Why the user may not write some of these rows beside what permissions say: words by place in the list."""
        return {}

    def model_field(self, column: str) -> models.Field[Any, Any]:
        """The model field that describes a column: for a part of a key, the foreign key that bears its name."""
        model, found = self.model, None
        for part in self.columns[column].attribute.split("__"):
            field = model._meta.get_field(part)
            if found is None or part == column:
                found = field
            model = field.related_model or model
        return found  # type: ignore[return-value]  # an attribute has at least one part


def key_field(attribute: str, column: str) -> Field:
    """A column that is part of a foreign key's natural key; `Dataset.references` says of which."""
    return Field(attribute=attribute, column_name=column, widget=TextWidget(), readonly=True)


@cache
def datasets() -> list[Dataset]:
    """All datasets, in the order in which one refers to another."""
    return [import_string(path)() for path in settings.DATASETS]


def messages(error: ValidationError) -> list[tuple[str, str]]:
    """A validation error as pairs of field name (empty: the whole row) and message."""
    if hasattr(error, "error_dict"):
        return [
            (name if name != "__all__" else "", text)
            for name, errors in error.error_dict.items()
            for each in errors
            for text in each.messages
        ]
    return [("", text) for text in error.messages]


class SourceResource(Dataset):
    order = ("sort_order",)

    class Meta:
        model = Source
        import_id_fields = ("code",)
        fields = export_order = (
            "code",
            "sort_order",
            "title",
            "title_en",
            "title_en_standing",
            "short_title",
            "short_title_en",
            "issuer",
            "issuer_en",
            "decided_on",
            "decided_by",
            "decided_by_en",
            "url",
            "is_draft",
            "is_original_checked",
            "checked_on",
            "remark",
            "remark_en",
        )

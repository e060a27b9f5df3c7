"""What sheets and columns are called, in both languages: how a workbook is written, and how one is recognised.

A dataset is a sheet, named by the plural of its model; a column is headed by the verbose name of its field. A name
also counts in the other language, and as a program has it (`decided_on`); they are compared by `values.fold`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from portal.resources import CodesWidget, Dataset, datasets
from portal.workbook.values import fold

GUIDE = gettext_lazy("手引き")
LISTS = gettext_lazy("選択肢")

# Columns that the field of their name or of their reference does not describe well enough: title and help text.
OWN_WORDS = {
    ("sections", "counterpart_plan"): (
        gettext_lazy("対応する項目の計画"),
        gettext_lazy("対応する項目が属する計画のコード。"),
    ),
    ("sections", "counterpart"): (
        gettext_lazy("対応する項目"),
        gettext_lazy("別の計画で同じ主題を扱う項目の番号。対応の根拠は備考に書く。"),
    ),
}

ABOUT = {
    "sources": gettext_lazy("記載のもとになった資料。ほとんどの表が参照します。"),
    "structures": gettext_lazy("推進体制の版。一つの版は、ある日から適用されます。"),
    "bodies": gettext_lazy("体制が変わっても同じものとして扱う機関。名称は「位置づけ」にあります。"),
    "placements": gettext_lazy("それぞれの体制での機関の位置、名称、種別、根拠。"),
    "mandates": gettext_lazy("それぞれの体制での機関の役割。"),
    "seats": gettext_lazy("それぞれの体制での機関の構成：職と、就く者。"),
    "links": gettext_lazy("同じ体制の二つの機関の関係：事務局、助言、所管など。上位・下位のほかのもの。"),
    "notes": gettext_lazy("機関、役割、構成に付く注と、出典の間の相違。"),
    "plans": gettext_lazy("戦略・計画・政策目標の文書。"),
    "sections": gettext_lazy("計画の項目：見出し、本文、目標の区分など。"),
    "indicators": gettext_lazy("目標と実績値が数えるもの。"),
    "targets": gettext_lazy("文書が指標に置いた目標：文言と、そこから読み取った値。"),
    "observations": gettext_lazy("公表された実績値。書き換えず、訂正は新しい行で行います。"),
    "projects": gettext_lazy("計画の統合プロジェクトと、その担当。"),
    "programmes": gettext_lazy("府省の事業。"),
    "budgets": gettext_lazy("プロジェクトや事業の年度ごとの予算。"),
    "successions": gettext_lazy("プロジェクトの前身と後継。"),
}


def sheet_titles(dataset: Dataset) -> Mapping[str, str]:
    """The name of its sheet by language. It obeys Excel: at most 31 characters, none of `[]:*?/\\`."""
    return _sheet_titles(dataset.name)


def find_dataset(name: str) -> Dataset | None:
    """The dataset that a sheet of that name holds."""
    return _datasets().get(_sheets().get(fold(name), ""))


def is_guide(name: str) -> bool:
    """Whether a sheet of that name is one that a template brings along and that holds no data."""
    return fold(name) in {fold(title) for each in (GUIDE, LISTS) for title in _both(each).values()}


def column_titles(dataset: Dataset) -> Mapping[str, Mapping[str, str]]:
    """The heading of every column by language, no two of them alike."""
    return _column_titles(dataset.name)


def find_column(dataset: Dataset, heading: str) -> str | None:
    """The column that a heading names."""
    return _headings(dataset.name).get(fold(heading))


def sheet_title(dataset: Dataset) -> str:
    """The name of its sheet in the active language."""
    return sheet_titles(dataset)[get_language() or settings.LANGUAGE_CODE]


def column_title(dataset: Dataset, column: str) -> str:
    """The heading of a column in the active language."""
    return column_titles(dataset)[column][get_language() or settings.LANGUAGE_CODE]


def about(dataset: Dataset) -> str:
    """What a dataset holds, in the active language."""
    return str(ABOUT.get(dataset.name, ""))


def help_of(dataset: Dataset, column: str) -> str:
    """What belongs into a column, in the active language."""
    own = OWN_WORDS.get((dataset.name, column))
    return str(own[1] if own else dataset.model_field(column).help_text)


def is_required(dataset: Dataset, column: str) -> bool:
    """Whether a column is empty in no row."""
    return column in dataset.key_columns or not dataset.model_field(column).blank


def referred(dataset: Dataset, column: str) -> Dataset | None:
    """The dataset whose code or number a column holds."""
    model = dataset.model
    for part in dataset.columns[column].attribute.split("__"):
        model = model._meta.get_field(part).related_model or model
    found = next(each for each in _datasets().values() if each.model is model)
    is_joined = isinstance(dataset.columns[column].widget, CodesWidget)
    return found if is_joined or "__" in dataset.columns[column].attribute else None


def choices_of(dataset: Dataset, column: str) -> dict[str, str]:
    """The values that a column may hold, with their labels in the active language. None: any."""
    field = dataset.model_field(column)
    return {str(value): str(label) for value, label in field.flatchoices if value} if field.choices else {}


def choice_names(dataset: Dataset, column: str) -> list[tuple[str, str]]:
    """The same as pairs of value and label, with the labels of every language."""
    found = []
    for language, _name in settings.LANGUAGES:
        with override(language):
            found += list(choices_of(dataset, column).items())
    return found


def _both(text: object) -> dict[str, str]:
    """A lazy text by language."""
    words = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            words[language] = str(text)
    return words


@cache
def _datasets() -> dict[str, Dataset]:
    return {dataset.name: dataset for dataset in datasets()}


@cache
def _sheet_titles(name: str) -> dict[str, str]:
    return _both(_datasets()[name].model._meta.verbose_name_plural)


@cache
def _sheets() -> dict[str, str]:
    """The name of a dataset by every folded name of its sheet."""
    found: dict[str, str] = {}
    for name, dataset in _datasets().items():
        singular = _both(dataset.model._meta.verbose_name)
        found |= {fold(each): name for each in (name, *singular.values(), *_sheet_titles(name).values())}
    return found


@cache
def _column_titles(name: str) -> dict[str, dict[str, str]]:
    dataset = _datasets()[name]
    words = {column: OWN_WORDS.get((name, column)) for column in dataset.columns}
    titles = {
        column: _both(own[0] if own else dataset.model_field(column).verbose_name) for column, own in words.items()
    }
    times = Counter(tuple(title.values()) for title in titles.values())
    for column, title in titles.items():
        text = column.removesuffix("_standing")
        if times[tuple(title.values())] > 1 and text in titles:  # of which English it tells the standing
            for language in title:
                with override(language):
                    title[language] = _("%(column)sの位置づけ") % {"column": titles[text][language]}
    return titles


@cache
def _headings(name: str) -> dict[str, str]:
    """The column by every folded heading of it."""
    titles = _column_titles(name)
    return {fold(each): column for column, title in titles.items() for each in (column, *title.values())}

"""Every sheet and column has one name in each language, and is known by it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from django.utils.translation import override

from portal.resources import Dataset, datasets
from portal.workbook import labels
from portal.workbook.values import fold

DATASETS = {dataset.name: dataset for dataset in datasets()}
each_dataset = pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)


@each_dataset
def test_no_two_columns_share_a_heading_in_any_language(dataset: Dataset) -> None:
    named = [
        {fold(column), *(fold(title) for title in titles.values())}
        for column, titles in labels.column_titles(dataset).items()
    ]
    counted = Counter(name for names in named for name in names)

    assert [name for name, times in counted.items() if times > 1] == []
    assert all(title for titles in labels.column_titles(dataset).values() for title in titles.values())


@each_dataset
def test_a_column_is_found_by_its_name_and_by_its_title_in_both_languages(dataset: Dataset) -> None:
    for column, titles in labels.column_titles(dataset).items():
        for heading in (column, *titles.values(), f" {column.upper()}　"):
            assert labels.find_column(dataset, heading) == column


def test_no_two_sheets_share_a_name_and_every_name_obeys_excel() -> None:
    titles = [labels.sheet_titles(dataset) for dataset in datasets()]

    for language in ("ja", "en"):
        names = [title[language] for title in titles]
        assert len({fold(name) for name in names}) == len(names)
        assert [name for name in names if not 0 < len(name) <= 31 or re.search(r"[\[\]:*?/\\]|^'|'$", name)] == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("observations", "observations"),
        ("実績値", "observations"),
        ("Actual values", "observations"),
        ("Actual", "observations"),
        (" ｏｂｓｅｒｖａｔｉｏｎｓ ", "observations"),
        ("プロジェクト", "projects"),
        ("ﾌﾟﾛｼﾞｪｸﾄ", "projects"),
        ("Sheet1", None),
        ("手引き", None),
        ("", None),
    ],
)
def test_a_sheet_is_found_by_any_of_its_names(name: str, found: str | None) -> None:
    dataset = labels.find_dataset(name)

    assert (dataset and dataset.name) == found


def test_every_dataset_is_found_by_the_name_of_its_sheet_in_both_languages() -> None:
    for dataset in datasets():
        for title in labels.sheet_titles(dataset).values():
            found = labels.find_dataset(title)
            assert found is not None
            assert found.name == dataset.name


def test_unknown_headings_name_no_column() -> None:
    assert labels.find_column(DATASETS["bodies"], "名称") is None
    assert labels.find_column(DATASETS["bodies"], "") is None


@pytest.mark.parametrize("name", ["手引き", "Guide", "選択肢", "Choices", " guide "])
def test_sheets_of_a_template_without_data_are_known(name: str) -> None:
    assert labels.is_guide(name)


def test_sheets_of_data_are_no_guide() -> None:
    assert not any(labels.is_guide(title) for each in datasets() for title in labels.sheet_titles(each).values())


def test_columns_that_share_the_words_of_their_fields_are_told_apart() -> None:
    sections = labels.column_titles(DATASETS["sections"])

    assert {column: titles["ja"] for column, titles in sections.items() if "対応" in titles["ja"]} == {
        "counterpart_plan": "対応する項目の計画",
        "counterpart": "対応する項目",
    }
    assert sections["heading_en_standing"] == {
        "ja": "見出し（英語）の位置づけ",
        "en": "Standing of “Heading (English)”",
    }
    assert labels.column_titles(DATASETS["projects"])["name_en_standing"]["ja"] == "英語の位置づけ"


@each_dataset
@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_dataset_and_column_is_explained(dataset: Dataset, language: str) -> None:
    with override(language):
        assert labels.about(dataset)
        assert [column for column in dataset.columns if not labels.help_of(dataset, column)] == []


def test_a_column_of_a_reference_names_the_dataset_that_it_refers_to() -> None:
    def referred(name: str) -> dict[str, str]:
        found = {column: labels.referred(DATASETS[name], column) for column in DATASETS[name].columns}
        return {column: dataset.name for column, dataset in found.items() if dataset}

    assert referred("notes") == {
        "structure": "structures",
        "body": "bodies",
        "mandate": "mandates",
        "seat": "seats",
        "source": "sources",
    }
    assert referred("sections") == {
        "plan": "plans",
        "parent": "sections",
        "counterpart_plan": "plans",
        "counterpart": "sections",
        "source": "sources",
    }
    assert referred("programmes") == {"ministry": "bodies", "projects": "projects", "source": "sources"}

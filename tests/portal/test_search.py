"""The search page: what it finds, in which order, how it shows it, and that it is never older than the data."""

from __future__ import annotations

import datetime
import re
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup, Tag
from django.db import connection, connections
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from bodies.models import Body, Mandate, Placement, Seat, today
from portal import search
from portal.folding import fold, words
from portal.models import Revision, Source
from portal.search import LONGEST, PER_PAGE, SHOWN, Entry, Text
from tests import factories
from tests.pages import page, text


def ask(client: Client, query: str, prefix: str = "", **parameters: object) -> BeautifulSoup:
    given = "&".join(f"{name}={value}" for name, value in parameters.items())
    return page(client, f"{prefix}/search/?q={quote(query)}&{given}")


def hits(soup: BeautifulSoup, kind: str = "body") -> list[Tag]:
    return soup.select(f"#kind-{kind} ~ .hits > li")


def titles(soup: BeautifulSoup, kind: str = "body") -> list[str]:
    return [item.select("a")[0].get_text() for item in hits(soup, kind)]


def lines(item: Tag) -> list[str]:
    return [re.sub(r"\s+", " ", line.get_text()).strip() for line in item.select(".found")]


def lit(item: Tag) -> list[str]:
    return [mark.get_text() for mark in item.select("mark")]


def queries(client: Client, query: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get("/search/", {"q": query}).status_code == 200
    return len(captured)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "query", "expected"),
    [
        ("国立研究開発法人", "発", "発"),
        ("国立研究開発法人", "國立", "国立"),
        ("ＡＭＥＤ", "amed", "ＡＭＥＤ"),
        ("ｼｰｽﾞ開発協議会", "シーズ", "ｼｰｽﾞ"),
        ("髙𠮷研究所", "高吉", "髙𠮷"),
        ("健康・医療戦略", "健康医療", "健康・医療"),
        ("健康・医療戦略", "康　療", "康療"),
        ("⑧イノベ-ション", "イノベーション", "イノベ-ション"),
        ("山田 太郎", "山田太郎", "山田 太郎"),
        ("A&B <研究>", "b <研", "B<研"),
        ("1.3.4 治験", "1.3", "1.3"),
    ],
)
def test_a_name_is_found_however_it_is_written_and_the_hit_is_marked(
    client: Client, name: str, query: str, expected: str
) -> None:
    structure = factories.structure()
    factories.place(structure, "a", name=name)
    factories.place(structure, "b", name="別のもの")

    (hit,) = hits(ask(client, query))

    assert hit.select("a")[0].get_text() == name
    assert "".join(lit(hit)) == expected
    assert lines(hit) == []


@pytest.mark.django_db
def test_both_languages_are_found_on_pages_of_both(client: Client) -> None:
    structure = factories.structure()
    factories.place(structure, "a", name="専門調査会", name_en="Expert Panel")
    factories.place(structure, "b", name="協議会")

    for query in ("専門", "EXPERT"):
        for prefix in ("", "/en"):
            assert titles(ask(client, query, prefix)) == ["Expert Panel" if prefix else "専門調査会"]
    (hit,) = hits(ask(client, "expert"))
    assert lines(hit) == ["英語表記：Expert Panel"]
    assert [span["lang"] for span in hit.select("span[lang]")] == ["en"]
    (hit,) = hits(ask(client, "専門", "/en"))
    marked = hit.select_one(".found span[lang=ja] mark")
    assert marked is not None
    assert marked.get_text() == "専門"
    (hit,) = hits(ask(client, "協議", "/en"))
    title = hit.select_one("a span[lang=ja]")
    assert title is not None
    assert str(title) == '<span lang="ja"><mark>協議</mark>会</span>'
    assert [link["href"] for link in hit.select("a")] == ["/en/bodies/b/"]


@pytest.mark.django_db
def test_all_words_must_stand_in_one_entry_and_one_of_them_not_in_its_context(client: Client) -> None:
    structure = factories.structure()
    first = factories.place(
        structure, "a", name="推進本部", short_name="本部", basis="推進法", basis_source=factories.source()
    )
    second = factories.place(structure, "b", name="協議会")
    for number, placement in enumerate((first, second)):
        Mandate.objects.create(placement=placement, code="m", text=f"計画{number}の作成", source=factories.source())

    found = ask(client, "計画　推進本部")
    assert (titles(found), titles(found, "mandate")) == ([], ["計画0の作成"])
    (hit,) = hits(found, "mandate")
    assert lit(hit) == ["計画", "推進本部"]
    assert titles(ask(client, "推進本部"), "mandate") == []
    assert titles(ask(client, "推進法 協議会")) == []
    (hit,) = hits(ask(client, "推進法 本部"))
    assert (lit(hit), lines(hit)) == (["本部", "推進法"], ["根拠（法令・決定）：推進法"])


@pytest.mark.django_db
def test_names_come_before_texts_and_the_rest_keeps_its_order(client: Client) -> None:
    structure = factories.structure()
    source = factories.source()
    factories.place(structure, "z1", name="その他", basis="医療研究の法律", basis_source=source)
    factories.place(structure, "z2", name="国の医療研究")
    factories.place(structure, "z3", name="医療研究室")
    factories.place(structure, "z4", name="別名のある会", short_name="医療研究")
    factories.place(structure, "z5", name="もう一つの医療研究")
    factories.place(structure, "z6", name="研究医療の会", name_en="医療研究")

    assert titles(ask(client, "医療研究")) == [
        "別名のある会",
        "研究医療の会",
        "医療研究室",
        "国の医療研究",
        "もう一つの医療研究",
        "その他",
    ]


@pytest.mark.django_db
def test_the_text_around_a_hit_is_shown_with_what_it_is(client: Client) -> None:
    structure = factories.structure()
    around = "前置きの文。" * 20 + "ここに探す語がある。" + "後の文。" * 40
    factories.place(structure, "a", name="機関", basis=around, basis_source=factories.source())

    (hit,) = hits(ask(client, "探す語"))

    (line,) = lines(hit)
    assert line.startswith("根拠（法令・決定）：…")
    assert "ここに探す語がある。" in line
    assert line.endswith("…")
    assert len(line) < 140
    assert lit(hit) == ["探す語"]


@pytest.mark.django_db
def test_many_results_lead_on_to_pages_of_their_kind(client: Client) -> None:
    factories.many(factories.structure(), 120)
    Source.objects.update(title="機関の資料")

    first = ask(client, "機関")
    assert "「機関」に合うもの：121件" in text(first)
    assert len(hits(first)) == SHOWN
    assert titles(first, "source") == ["機関の資料"]
    more = first.select_one("#main a[href$='&kind=body']")
    assert more is not None
    assert more.get_text() == f"機関：ほか {120 - SHOWN} 件"

    seen: list[str] = []
    address = str(more["href"])
    while address:
        shown = page(client, f"/search/{address}")
        assert "「機関」に合うもの：121件" in text(shown)
        assert "機関120件" in text(shown)
        numbered = shown.select_one("ol.hits")
        assert numbered is not None
        assert int(str(numbered["start"])) == len(seen) + 1
        seen += [str(item.select("a")[0]["href"]) for item in hits(shown)]
        onward = shown.select_one("a[rel=next]")
        address = str(onward["href"]) if onward else ""
    assert len(seen) == len(set(seen)) == 120
    assert len(hits(ask(client, "機関", kind="body"))) == PER_PAGE
    assert len(hits(ask(client, "機関", kind="body", page=99))) == 20
    assert len(hits(ask(client, "機関", kind="body", page="x"))) == PER_PAGE
    assert "この種類には、合うものがありません" in text(ask(client, "機関b77", kind="source"))
    assert "「x」という種類はありません" in text(page(client, "/search/?q=a&kind=x", 404))


@pytest.mark.django_db
def test_what_finds_nothing_gets_help(client: Client, third_period: None) -> None:
    shown = ask(client, "医薬品開発協議界")

    assert "「医薬品開発協議界」に合うものはありません" in text(shown)
    assert shown.select("#main ul a")[0].get_text() == "医薬品開発協議会"
    assert not shown.select("mark")
    assert "短い語にするか、語を減らしてください" in text(shown)
    assert ask(client, "Expert Pannel", "/en").select("#main ul a")[0]["href"] == "/en/bodies/expert/"
    assert [link["href"] for link in ask(client, "qqqq").select("#main ul a")] == [
        "/structure/",
        "/plans/",
        "/projects/",
        "/sources/",
        "/sitemap/",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 200),
        ("%20%E3%80%80%09", 200),
        ("%00", 200),
        ("%00%1B%7F", 200),
        ("%E3%83%BB%E3%83%BB", 200),
        ("%ED%A0%80", 200),
        ("%FF%FE", 200),
        ("a%00b", 200),
        ("%5B%28%2A%2B%3F%5C", 200),
        (".%2A", 200),
        ("%25%27%3B--", 200),
        ("%3Cscript%3Ealert%281%29%3C/script%3E", 200),
        ("%F0%A0%AE%B7", 200),
        ("%E2%80%AE%E2%80%8B", 200),
        ("a" * LONGEST, 200),
        ("%20" * 10_000, 200),
        ("a" * (LONGEST + 1), 400),
        ("a" * 10_000, 400),
        ("%E3%8B%BF" * 101, 400),
        ("a%20" * 60, 400),
    ],
)
def test_any_query_gets_a_kind_page(client: Client, third_period: None, prefix: str, query: str, status: int) -> None:
    shown = page(client, f"{prefix}/search/?q={query}", status)

    assert shown.select_one("#main form[role=search] input[name=q]") is not None
    assert shown.select_one("meta[name=robots][content=noindex]") is not None
    assert not shown.select("script")
    assert not re.search(r"[\0-\b\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", str(shown))


@pytest.mark.django_db
def test_a_query_that_is_refused_says_why(client: Client) -> None:
    assert "検索する語は100文字以内で入力してください" in text(page(client, f"/search/?q={'a' * 101}", 400))
    assert "検索できる文字がありません" in text(ask(client, "・・"))
    for address in ("/search/", "/search/?q="):
        shown = page(client, address)
        assert "日本語と英語のどちらの語でも検索できます" in text(shown)
        assert not shown.select("[role=status]")
    field = ask(client, 'a"b <i>').select_one("input[name=q]#words")
    assert field is not None
    assert field["value"] == 'a"b <i>'


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 1_000])
def test_search_asks_the_same_for_any_number_of_bodies_and_once_more_only_the_revision(
    client: Client, count: int
) -> None:
    rows = factories.many(factories.structure(), count)
    source = factories.source()
    Mandate.objects.bulk_create(Mandate(placement=row, code="m", text="役割", source=source) for row in rows)
    Seat.objects.bulk_create(Seat(placement=row, code="s", holder="者", source=source) for row in rows)

    assert queries(client, "機関") == 16
    assert queries(client, "役割") == 1
    assert queries(client, "なにもない") == 1


@pytest.mark.django_db
def test_every_change_is_found_at_once(client: Client) -> None:
    row = factories.place(factories.structure(), "a", name="初めの名")
    assert titles(ask(client, "初めの")) == ["初めの名"]

    Placement.objects.filter(pk=row.pk).update(name="次の名")
    assert (titles(ask(client, "次の")), titles(ask(client, "初めの"))) == (["次の名"], [])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bodies_placement SET name = '三番目の名'")
    assert (titles(ask(client, "三番目")), titles(ask(client, "次の"))) == (["三番目の名"], [])
    Mandate.objects.bulk_create([Mandate(placement=row, code="m", text="新しい役割", source=row.source)])
    assert titles(ask(client, "新しい"), "mandate") == ["新しい役割"]
    Source.objects.update(title="改めた資料")
    assert titles(ask(client, "改めた"), "source") == ["改めた資料"]
    Mandate.objects.all().delete()
    assert titles(ask(client, "新しい"), "mandate") == []


@pytest.mark.django_db
def test_a_scheduled_edition_is_found_from_its_day_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    day = today() + datetime.timedelta(days=1)
    factories.place(factories.structure("soon", valid_from=day), "a", name="明日からの機関")
    assert titles(ask(client, "明日から")) == []

    monkeypatch.setattr("django.utils.timezone.localdate", lambda value=None, timezone=None: day)

    assert titles(ask(client, "明日から")) == ["明日からの機関"]


made: list[int] = []


def slow() -> Iterator[Entry]:
    made.append(1)
    time.sleep(0.2)
    yield Entry(Body, "見つかる", "", "/bodies/a/", texts=[Text("印", "言葉")])


@pytest.mark.django_db(transaction=True)
def test_threads_that_ask_at_once_build_once(settings: Any) -> None:
    settings.SEARCHED = [f"{__name__}.slow"]
    made.clear()
    state = Revision.objects.get(pk=1)
    found: list[search.Index] = []

    def run() -> None:
        request = RequestFactory().get("/search/")
        request.revision = state  # type: ignore[attr-defined]  # as seen_by leaves it
        found.append(search.index(request))
        connections.close_all()

    threads = [threading.Thread(target=run) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert made == [1]
    assert len(found) == 6
    assert {id(each) for each in found} == {id(found[0])}


@pytest.mark.django_db
def test_everything_public_is_found_by_any_of_its_texts_and_shows_it(settings: Any, third_period: None) -> None:
    made = search.build()

    assert len(made) == len(settings.SEARCHED)  # each finds something of its own
    for rows in made.values():
        for row in rows:
            entry = row.entry
            own = [entry.title, entry.title_en]
            for each in entry.texts:
                own += [each.japanese, each.english]
            for said in filter(fold, own):
                query = said[:LONGEST]
                assert entry in search.find(rows, query), said
                hit = search.present(entry, words(query))
                shown = " ".join([hit.title, hit.context, *(piece for _label, piece in hit.found)])
                lit_up = fold("".join(mark.get_text() for mark in BeautifulSoup(shown, "html.parser").select("mark")))
                assert [word for word in words(query) if word not in lit_up] == [], said


@pytest.mark.django_db
def test_the_form_can_stand_twice_on_a_page(client: Client) -> None:
    both = "".join(
        render_to_string("portal/search_form.html", {"id": name, "query": "", "compact": compact})
        for name, compact in (("search", True), ("words", False))
    )
    soup = BeautifulSoup(both, "html.parser")

    ids = [str(tag["id"]) for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    assert [soup.select_one(f"label[for={field['id']}]") is not None for field in soup.select("input")] == [True, True]
    names = [str(form.get("aria-label") or form["aria-labelledby"]) for form in soup.select("form[role=search]")]
    assert names == ["サイト内検索", "words-label"]

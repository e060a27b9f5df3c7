"""What differs between two editions; and what one that records only a part does not let anyone say."""

from __future__ import annotations

import datetime
import re
from itertools import pairwise
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bodies.compare import Comparison, Difference, Edition, Part, Place, Text, Tie, TieEntry, compare, pieces
from bodies.models import Body, Coverage, Kind, Link, Mandate, Placement, Relation, Seat, Status, Structure, today
from tests import factories
from tests.pages import page, text

TOMORROW = today() + datetime.timedelta(days=1)
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龥]")


def place(code: str, parent: str | None = None, **said: Any) -> Place:
    return Place(code, said.pop("name", Text(f"機関{code}", f"Body {code}")), parent=parent, **said)


def edition(*places: Place, is_partial: bool = False, ties: dict[tuple[str, str, str], Tie] | None = None) -> Edition:
    return Edition({each.code: each for each in places}, ties or {}, is_partial)


def codes(entries: Any) -> list[str]:
    return [entry.place.code for entry in entries]


def only(comparison: Comparison) -> tuple[Difference, ...]:
    """What differs of the only body that differs in what both editions record."""
    (entry,) = comparison.changed
    return entry.differences


def test_compare_finds_what_came_and_went_in_the_order_of_the_trees() -> None:
    found = compare(edition(place("a"), place("c"), place("b")), edition(place("d"), place("a"), place("e")))

    assert codes(found.came) == ["d", "e"]
    assert codes(found.went) == ["c", "b"]
    assert codes(found.alike) == ["a"]
    assert (found.unrecorded_before, found.unrecorded_after) == ((), ())
    assert not found.is_empty


def test_compare_of_a_partial_edition_calls_nothing_new_or_gone() -> None:
    small, large = (place("a"),), (place("a"), place("b"))

    found = compare(edition(*small, is_partial=True), edition(*large))
    assert (found.came, codes(found.unrecorded_before)) == ((), ["b"])
    assert found.is_empty

    found = compare(edition(*large), edition(*small, is_partial=True))
    assert (found.went, codes(found.unrecorded_after)) == ((), ["b"])
    assert found.is_empty


def test_compare_of_a_full_edition_with_a_partial_one_still_knows_what_only_the_partial_one_has() -> None:
    found = compare(edition(place("a"), place("b"), is_partial=True), edition(place("a")))
    assert codes(found.went) == ["b"]

    found = compare(edition(place("a")), edition(place("a"), place("b"), is_partial=True))
    assert codes(found.came) == ["b"]


def test_compare_finds_moves_by_name() -> None:
    old = edition(place("a"), place("b"), place("x", "a"))
    new = edition(place("a"), place("b"), place("x", "b"))

    assert only(compare(old, new)) == (Difference(Part.PLACE, Text("機関a", "Body a"), Text("機関b", "Body b")),)


@pytest.mark.parametrize(("old", "new", "is_known"), [(None, "a", False), ("a", None, True), ("a", "b", True)])
def test_compare_takes_the_top_of_a_partial_edition_for_an_unknown_place(
    old: str | None, new: str | None, is_known: bool
) -> None:
    both = place("a"), place("b")

    found = compare(edition(*both, place("x", old), is_partial=True), edition(*both, place("x", new)))

    entry = next(each for each in (*found.changed, *found.alike) if each.place.code == "x")
    assert [(each.part, each.is_known) for each in entry.differences] == [(Part.PLACE, is_known)]
    assert entry.unknown == (() if is_known else (Part.PLACE,))


def test_compare_finds_names_by_their_japanese() -> None:
    old = edition(place("a", name=Text("旧称", "Old")), place("b", name=Text("同じ", "One")))
    new = edition(place("a", name=Text("新称", "Old")), place("b", name=Text("同じ", "Other")))

    assert only(compare(old, new)) == (Difference(Part.NAME, Text("旧称", "Old"), Text("新称", "Old")),)


def test_compare_finds_roles_members_basis_and_kind() -> None:
    old = place("a", mandates={"m": Text("甲")}, seats={"s": Text("長：甲")}, basis=Text("旧法"), kind=Kind.OFFICE)
    new = place("a", mandates={"m": Text("乙"), "n": Text("丙")}, basis=Text("新法"), kind=Kind.AGENCY)

    assert only(compare(edition(old), edition(new))) == (
        Difference(
            Part.KIND,
            Text("府省の室・課", "Office or division"),
            Text("国立研究開発法人", "National research and development agency"),
        ),
        Difference(Part.BASIS, Text("旧法"), Text("新法")),
        Difference(Part.MANDATE, Text("甲"), Text("乙")),
        Difference(Part.MANDATE, None, Text("丙")),
        Difference(Part.SEAT, Text("長：甲"), None),
    )


def test_compare_calls_what_a_partial_edition_does_not_say_unknown_and_not_removed() -> None:
    full = place("a", mandates={"m": Text("甲")}, seats={"s": Text("長")}, basis=Text("法"))

    for found in (
        compare(edition(full), edition(place("a"), is_partial=True)),
        compare(edition(place("a"), is_partial=True), edition(full)),
    ):
        assert found.is_empty
        assert [entry.unknown for entry in found.alike] == [(Part.BASIS, Part.MANDATE, Part.SEAT)]


def test_compare_finds_no_difference_in_the_same_words_under_another_code() -> None:
    old, new = (
        place("a", mandates={"m": Text("甲"), "n": Text("乙")}),
        place("a", mandates={"k": Text("乙"), "m": Text("甲")}),
    )

    assert compare(edition(old), edition(new)).is_empty


def test_compare_finds_relations() -> None:
    both = place("a"), place("b")
    funds, advises, supervises = (("a", kind, "b") for kind in ("funds", "advises", "supervises"))
    old = {funds: Tie(Text("交付")), advises: Tie(Text("助言"))}
    new = {funds: Tie(Text("補助")), supervises: Tie(Text("所管"))}

    def ties(before_is_partial: bool) -> tuple[TieEntry, ...]:
        return compare(edition(*both, ties=old, is_partial=before_is_partial), edition(*both, ties=new)).ties

    assert ties(before_is_partial=False) == (
        TieEntry(*funds, (Difference(Part.LABEL, Text("交付"), Text("補助")),)),
        TieEntry(*supervises, (Difference(Part.TIE, None, Text("所管")),)),
        TieEntry(*advises, (Difference(Part.TIE, Text("助言"), None),)),
    )
    assert [entry.is_known for entry in ties(before_is_partial=True)] == [True, False, True]


def test_compare_names_successors_and_predecessors() -> None:
    found = compare(edition(place("old"), place("kept")), edition(place("new"), place("kept")), {"old": ("new", "far")})

    assert [(entry.place.code, entry.heirs) for entry in found.went] == [("old", ("new", "far"))]
    assert [(entry.place.code, entry.heirs) for entry in found.came] == [("new", ("old",))]


def test_pieces_mark_characters_of_japanese_and_words_of_english() -> None:
    assert pieces("計画の作成", "計画の策定") == (
        [("計画の", False), ("作成", True)],
        [("計画の", False), ("策定", True)],
    )
    assert pieces("Preparing the plan", "Promoting the plan") == (
        [("Preparing", True), (" the plan", False)],
        [("Promoting", True), (" the plan", False)],
    )
    assert pieces("同じ", "同じ") == ([("同じ", False)], [("同じ", False)])


# The page


def two(**fields: Any) -> tuple[Structure, Structure]:
    """An edition of 2020 and one of 2025, with `fields` for the first."""
    return factories.structure("old", **fields), factories.structure("new", valid_from=datetime.date(2025, 4, 1))


def section(soup: BeautifulSoup, anchor: str) -> str:
    """The words of one section, without white space; empty where there is none."""
    heading = soup.select_one(f"h2#{anchor}")
    return re.sub(r"\s+", "", heading.find_parent("section").get_text()) if heading is not None else ""  # type: ignore[union-attr]  # it stands in one


def chart(soup: BeautifulSoup) -> str:
    drawn = soup.select_one("svg")
    assert drawn is not None
    return re.sub(r"\s+", "", drawn.get_text())


@pytest.mark.django_db
def test_page_tells_what_came_went_moved_was_renamed_and_reads_otherwise(client: Client) -> None:
    old, new = two()
    source = factories.source()
    for structure in (old, new):
        factories.place(structure, "top", name="本部")
        factories.place(structure, "side", name="会議")
    tops = {each.code: Placement.objects.get(structure=each, body__code="top") for each in (old, new)}
    side = Placement.objects.get(structure=new, body__code="side")
    factories.place(old, "moves", tops["old"], name="移る室")
    factories.place(new, "moves", side, name="移る室")
    factories.place(old, "renamed", name="旧称の課")
    factories.place(new, "renamed", name="新称の課")
    gone, came = factories.place(old, "gone", name="去る室"), factories.place(new, "came", name="来た室")
    gone.body.successors.add(came.body)
    for each, words in ((tops["old"], "計画の作成"), (tops["new"], "計画の策定")):
        Mandate.objects.create(placement=each, code="m", text=words, source=source)
    Seat.objects.create(placement=tops["old"], code="s", post="長", holder="大臣", source=source)
    Link.objects.create(
        from_placement=side, to_placement=tops["new"], kind=Relation.ADVISES, label="助言", source=source
    )

    shown = page(client, "/structure/compare/old/new/")

    assert section(shown, "came") == "新たに載った機関1件来た室府省、前身：去る室"
    assert section(shown, "went").endswith("去る室府省、後継：来た室")
    assert section(shown, "moved").endswith("移る室事項位置前本部後会議")
    assert section(shown, "renamed").endswith("新称の課事項名称前旧称の課後新称の課")
    assert section(shown, "records").endswith("本部事項役割前計画の作成後計画の策定事項構成前長：大臣後記載なし")
    assert section(shown, "ties").endswith("会議は、本部に助言する。事項関係前記載なし後助言")
    assert [(each.name, each.get_text()) for each in shown.select("#records ~ ul del, #records ~ ul ins")] == [
        ("del", "作成"),
        ("ins", "策定"),
    ]
    assert "変わらない機関：1" in text(shown)
    drawn = chart(shown)
    for words in ("来た室＋新たに掲載", "移る室→位置", "新称の課≠名称", "本部△記載", "－載らなくなった機関去る室"):
        assert words in drawn, words
    assert "会議＋" not in drawn


@pytest.mark.django_db
def test_page_of_a_partial_edition_reads_not_recorded(client: Client) -> None:
    old, new = two(coverage=Coverage.PARTIAL, gaps="ほかの機関は記録していない。")
    factories.place(old, "a", name="両方の室")
    for code in ("a", "b"):
        each = factories.place(new, code, name="両方の室" if code == "a" else "後だけの室")
        Mandate.objects.create(placement=each, code="m", text=f"役割{code}", source=factories.source())

    shown = page(client, "/structure/compare/old/new/")

    words = text(shown)
    assert "新たに載った機関：0" in words
    assert "載らなくなった機関：0" in words
    assert "ほかの機関は記録していない。" in words
    assert section(shown, "unrecorded-before") == "前の体制に記録のない機関1件後だけの室府省"
    assert section(shown, "unrecorded-parts").endswith("両方の室役割")
    assert "記録されている範囲では、違いはありません。" in words
    assert "後だけの室？前は記録なし" in chart(shown)
    for word in ("新設", "廃止", "新たに掲載"):
        assert word not in words


@pytest.mark.django_db
def test_page_of_the_real_editions(client: Client, third_period: None) -> None:
    shown = page(client, "/structure/compare/second-period/third-period/")

    councils = [link["href"] for link in shown.select("#unrecorded-before ~ ul a") if "kyogikai" in str(link["href"])]
    assert councils == [f"/bodies/kyogikai{number:02}/" for number in (1, 2, 3, 4, 5, 6, 7, 8, 10)]
    assert [link["href"] for link in shown.select("#went ~ ul a")] == ["/bodies/cas_office/"]
    for anchor in ("came", "moved", "renamed"):
        assert section(shown, anchor) == ""
    assert "新設" not in text(shown)
    assert "廃止" not in text(shown)


@pytest.mark.django_db
def test_a_day_of_the_second_period_leads_to_it(client: Client, third_period: None) -> None:
    for day, code in (
        ("2020-04-01", "second"),
        ("2023-04-01", "second"),
        ("2025-03-31", "second"),
        ("2025-04-01", "third"),
    ):
        assert client.get(f"/structure/?on={day}").headers["Location"] == f"/structure/{code}-period/", day
    assert client.get("/structure/?on=2020-03-31").status_code == 404


@pytest.mark.django_db
def test_past_structures_are_listed_with_what_they_differ_in(client: Client, third_period: None) -> None:
    shown = page(client, "/structure/")

    past = [link["href"] for link in shown.select(".past a")]
    assert past == ["/structure/second-period/", "/structure/compare/second-period/third-period/"]
    assert "一部の記録" in shown.select(".past li")[0].get_text()
    assert shown.select("#gaps") == []
    old = page(client, "/structure/second-period/")
    assert "過去の体制" in old.select("p.state")[0].get_text()
    assert old.select("#gaps ~ p")
    assert "ここにないものが、なかったとは限りません。" in chart(old)


@pytest.mark.django_db
def test_body_page_says_which_of_its_editions_are_partial(client: Client, third_period: None) -> None:
    editions = [re.sub(r"\s+", "", item.get_text()) for item in page(client, "/bodies/hq/").select("#editions ~ ul li")]
    assert editions == [
        "第３期における健康・医療戦略の推進体制適用日：2025年4月1日",
        "第２期における健康・医療戦略の推進体制（一部）適用日：2020年4月1日一部の記録",
    ]
    past = text(page(client, "/bodies/cas_office/"))
    assert "構成・役割記録なし" in past
    assert "出典に記載がありません" not in past


@pytest.mark.django_db
def test_order_is_by_day_whichever_way_it_is_asked(client: Client) -> None:
    two()

    for asked in ("/structure/compare/new/old/", "/structure/compare/?before=new&after=old"):
        assert client.get(asked).headers["Location"] == "/structure/compare/old/new/"
    assert client.get("/en/structure/compare/new/old/").headers["Location"] == "/en/structure/compare/old/new/"


@pytest.mark.django_db
def test_two_editions_are_chosen_by_a_form(client: Client) -> None:
    two()
    factories.structure("draft", title="下書きの体制", status=Status.DRAFT, valid_from=None)

    shown = page(client, "/structure/compare/")

    form = shown.select_one("form.compare")
    assert form is not None
    assert [option["value"] for option in form.select("#before option")] == ["new", "old"]
    chosen = page(client, "/structure/compare/old/new/")
    assert [option["value"] for option in chosen.select("option[selected]")] == ["old", "new"]
    for address in ("/structure/", "/structure/old/"):
        assert page(client, address).select_one("#editions ~ p a[href='/structure/compare/']") is not None, address


@pytest.mark.django_db
def test_the_same_edition_twice_gets_a_kind_page(client: Client) -> None:
    two()

    shown = page(client, "/structure/compare/new/new/")

    assert "同じ体制が二つ選ばれています" in text(shown)
    assert shown.select_one("form.compare") is not None
    assert shown.select("svg") == []


@pytest.mark.django_db
@pytest.mark.parametrize("status", [Status.DRAFT, Status.WITHDRAWN])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_what_readers_may_not_open_is_not_compared(client: Client, status: Status, prefix: str) -> None:
    old, _new = two()
    hidden = factories.structure("hidden", title="秘密の体制", status=status, valid_from=datetime.date(2026, 4, 1))
    factories.place(hidden, "secret", name="秘密の室")
    factories.place(old, "a")

    for address in ("hidden/new", "old/hidden", "nobody/new"):
        shown = page(client, f"{prefix}/structure/compare/{address}/", 404)
        assert "秘密" not in str(shown)
        links = [str(link["href"]) for link in shown.select("main a")]
        assert {f"{prefix}/structure/new/", f"{prefix}/structure/old/"} <= set(links)
    assert client.get(f"{prefix}/structure/compare/?before=hidden&after=new").status_code == 404


@pytest.mark.django_db
def test_a_successor_that_only_a_draft_holds_is_not_named(client: Client) -> None:
    old, new = two()
    gone = factories.place(old, "gone", name="去る室")
    factories.place(new, "kept")
    draft = factories.structure("draft", status=Status.DRAFT, valid_from=TOMORROW)
    secret = factories.place(draft, "secret", name="秘密の室")
    earlier = factories.structure("earlier", valid_from=datetime.date(2010, 4, 1))
    known = factories.place(earlier, "known", name="よそにある室")
    gone.body.successors.set([secret.body, known.body])

    shown = page(client, "/structure/compare/old/new/")

    assert section(shown, "went").endswith("去る室府省、後継：よそにある室")
    assert "secret" not in str(shown)
    assert "秘密" not in str(shown)


@pytest.mark.django_db
def test_a_scheduled_edition_is_compared_at_its_own_address_only(client: Client) -> None:
    _old, new = two()
    later = factories.structure("later", title="次の体制", valid_from=TOMORROW)
    factories.place(new, "a", name="今の室")
    factories.place(later, "a", name="今の室")
    factories.place(later, "b", name="次の室")

    shown = page(client, "/structure/compare/new/later/")

    assert section(shown, "came").endswith("次の室府省")
    assert [link["href"] for link in shown.select("section.differences a")] == []
    assert "/bodies/b/" not in str(shown)
    assert shown.select_one("meta[name=robots][content=noindex]") is not None
    assert "公開予定" in text(shown)
    assert "次の体制" not in text(page(client, "/structure/compare/old/new/"))
    assert "次の体制" not in str(page(client, "/structure/compare/"))
    assert page(client, "/structure/compare/old/new/").select("meta[name=robots]") == []


@pytest.mark.django_db
def test_page_asks_the_same_for_1_3_and_1000_bodies(client: Client) -> None:
    old, new = two()

    def fill(code: str) -> None:
        for structure in (old, new):
            each = factories.place(structure, code, name=f"{structure.code}の{code}")
            mandate = {"placement": each, "code": "m", "source": each.source}
            Mandate.objects.create(text=f"{structure.code}の役割", **mandate)
        gone = factories.place(old, f"gone-{code}")
        gone.body.successors.add(factories.place(new, f"came-{code}").body)

    def queries() -> int:
        cache.clear()  # the chart is drawn anew
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/structure/compare/old/new/").status_code == 200
        return len(captured)

    fill("one")
    assert queries() == 12
    for code in ("two", "three"):
        fill(code)
    assert queries() == 12
    bodies = {row.body_id for row in factories.many(new, 1000)}
    rows = Placement.objects.filter(body__in=bodies)
    Placement.objects.bulk_create(
        Placement(structure=old, body_id=row.body_id, name=f"旧{row.name}", kind=row.kind, source_id=row.source_id)
        for row in rows
    )
    factories.analyse()

    assert queries() == 12
    shown = page(client, "/structure/compare/old/new/")
    assert len(shown.select("#renamed ~ ul > li")) == 200
    assert "はじめの200件を示しています" in text(shown)


@pytest.mark.django_db
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_page_keeps_to_the_rules_for_pages(client: Client, third_period: None, prefix: str) -> None:
    for address in (
        "/structure/compare/",
        "/structure/compare/second-period/third-period/",
        "/structure/second-period/",
    ):
        shown = page(client, prefix + address)
        ids = [tag["id"] for tag in shown.select("[id]")]
        assert sorted(ids) == sorted(set(ids)), address
        levels = [int(tag.name[1]) for tag in shown.select("h1, h2, h3, h4, h5, h6")]
        assert all(below - above <= 1 for above, below in pairwise(levels)), levels
        assert not shown.select("script, style, [style]")
        for marked in shown.select("[lang=ja]"):
            marked.decompose()
        if prefix:
            left = [line for line in shown.get_text("\n").splitlines() if JAPANESE.search(line)]
            assert left == [], address


@pytest.mark.django_db
@pytest.mark.parametrize("word", ["%00", "'; DROP TABLE", "<script>", "𠮷", "a" * 200, "%2E%2E%2F", " "])
def test_hostile_addresses_end_in_a_kind_page(client: Client, word: str) -> None:
    two()

    assert client.get(f"/structure/compare/{word}/new/").status_code == 404
    assert client.get(f"/structure/compare/old/{word}/").status_code == 404
    assert client.get("/structure/compare/", {"before": word, "after": "new"}).status_code == 404


@pytest.mark.django_db
def test_a_body_of_the_second_period_is_the_same_body(client: Client, third_period: None) -> None:
    assert Body.objects.count() == 25
    assert Placement.objects.filter(structure__code="second-period").exclude(body__code="cas_office").count() == 13

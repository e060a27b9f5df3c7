"""What the chart says: the shipped one box by box, and what it shows of structures of every size."""

from __future__ import annotations

import datetime
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from bodies import charts
from bodies.chart.drawing import STROKES
from bodies.chart.figure import Figure, compose
from bodies.chart.focus import Row, choose
from bodies.chart.layout import Box
from bodies.charts import Detail
from bodies.models import Arrangement, Kind, Link, Mandate, Placement, Relation, Status, Structure
from tests import factories
from tests.pages import page

SVG = "{http://www.w3.org/2000/svg}"
VARIANTS = [(language, detail) for language in ("ja", "en") for detail in Detail]


def figure(structure: Structure, language: str = "ja", detail: Detail = Detail.FULL) -> Figure:
    with override(language):
        return compose(charts.of_structure(structure, detail, is_in_force=True))


def boxes(drawn: Figure) -> dict[str, Box]:
    return {box.place.key: box for box in drawn.layout.boxes}


def svg(client: Client, address: str) -> ElementTree.Element:
    response = client.get(address)
    assert response.status_code == 200
    return ElementTree.fromstring(response.content)  # noqa: S314 - our own answer


def words(element: ElementTree.Element) -> str:
    return re.sub(r"\s+", "", "".join(element.itertext()))


@pytest.fixture
def shipped(third_period: None) -> Structure:
    return Structure.objects.get(code="third-period")


@pytest.mark.parametrize(("language", "detail"), VARIANTS)
def test_the_shipped_chart_is_set_as_the_slide_is(shipped: Structure, language: str, detail: Detail) -> None:
    drawn = figure(shipped, language, detail)
    by_key = boxes(drawn)
    hq, expert, advisors, council, secretariat, amed = (
        by_key[key] for key in ("hq", "expert", "advisors", "council", "secretariat", "amed")
    )
    top = min(box.y for box in by_key.values())
    assert hq.y == expert.y == advisors.y == top
    assert expert.x + expert.w < hq.x < hq.x + hq.w < advisors.x
    assert hq.y + hq.h < secretariat.y < secretariat.y + secretariat.h < council.y
    assert council.x < hq.middle < council.x + council.w
    assert secretariat.x > hq.middle

    councils = [by_key[f"kyogikai{number:02}"] for number in range(1, 11)]
    assert sorted(councils, key=lambda box: (box.x, box.y)) == councils
    assert min(box.y for box in councils) > council.y + council.h
    frames = {"group_shokan": ["cao", "mext", "mhlw", "meti"], "group_other": ["mic"]}
    for key, members in frames.items():
        frame = by_key[key]
        assert frame.head is not None
        for member in (by_key[each] for each in members):
            assert frame.x < member.x < member.x + member.w < frame.x + frame.w
            assert frame.y + 30 < member.y < member.y + member.h < frame.y + frame.h
        assert [by_key[each].x for each in members] == sorted(by_key[each].x for each in members)
        assert max(box.y + box.h for box in councils) < frame.y
        assert frame.y + frame.h < amed.y
    assert by_key["group_shokan"].y == by_key["group_other"].y


@pytest.mark.parametrize(("language", "detail"), VARIANTS)
def test_the_shipped_chart_leads_every_link_and_fits_its_sheet(
    shipped: Structure, language: str, detail: Detail
) -> None:
    drawn = figure(shipped, language, detail)

    assert drawn.lost == []
    led = sum(len(each.bundle.ends) for each in drawn.routes)
    assert led == Link.objects.filter(from_placement__structure=shipped).count() == 18
    labels = {"".join(text for _x, _y, text in each.label) for each in drawn.routes}
    if language == "ja":  # the three arrows of the slide
        assert labels >= {"理事長等の任命・解任", "中長期目標の提示", "補助金・運営費交付金の交付"}
    # What is printed on: 404 by 280 mm of A3, 281 by 192 mm of A4; a point is 25.4 / 72 mm, the smallest text 12 units.
    (wide, high), least = ((404, 280), 7) if detail is Detail.FULL else ((281, 192), 6)
    assert 12 * min(wide / drawn.width, high / drawn.height) * 72 / 25.4 >= least


def test_the_shipped_chart_says_what_the_slide_says(shipped: Structure, client: Client) -> None:
    chart = svg(client, "/structure/third-period/chart.svg")
    said = words(chart)

    today = datetime.datetime.now(tz=datetime.timezone(datetime.timedelta(hours=9)))
    assert f"{today.year}年{today.month}月{today.day}日現在" in said
    for phrase in (
        "第３期における健康・医療戦略の推進体制",
        "副本部長：内閣官房長官、健康・医療戦略担当大臣＊1",
        "・健康・医療戦略＊2の作成・実施の推進",
        "・医療分野研究開発推進計画＊3の作成",
        "国立研究開発法人日本医療研究開発機構（AMED）＊4",
        "健康・医療戦略推進会議※",
        "議長代行：健康・医療戦略担当副大臣",
        "凡例",
        "専門調査会→推進本部（推定）",
        "総務省→AMED（推定、令和4年版厚生労働白書）",
        "健康・医療戦略担当大臣・健康・医療戦略推進法第24条に",
        "内閣府、文科省、厚労省、経産省→AMED（AMED業務運営の基本方針）",
        "現行は第３期であり、対象期間は2025年度～2029年度",
        "出典間の相違",
    ):
        assert phrase in said, phrase
    heard = [each.get("aria-label") or "" for each in chart.iter(f"{SVG}a")]
    assert any("健康・医療戦略担当大臣 注1" in label for label in heard)  # marks in words
    links = [each.get("href") for each in chart.iter(f"{SVG}a")]
    codes = list(Placement.objects.filter(structure=shipped).order_by("lft").values_list("body__code", flat=True))
    assert links == [f"http://testserver/bodies/{code}/" for code in codes]  # in the order of the structure


def test_the_compact_chart_has_names_only(shipped: Structure, client: Client) -> None:
    said = words(svg(client, "/structure/third-period/chart.svg?detail=compact"))

    assert "健康・医療戦略推進本部" in said
    assert "構成" not in said
    assert "＊" not in said


def test_the_english_chart_is_english(shipped: Structure, client: Client) -> None:
    chart = svg(client, "/en/structure/third-period/chart.svg")
    for text in chart.iter(f"{SVG}text"):
        if text.get("lang") == "ja":
            assert not "".join(text.itertext()).isascii()
        else:
            assert not re.search(r"[ぁ-んァ-ヶ一-龠]", "".join(text.itertext())), "".join(text.itertext())
    assert {each.get("href", "").startswith("http://testserver/en/bodies/") for each in chart.iter(f"{SVG}a")} == {True}


def test_a_file_has_a_speaking_name(shipped: Structure, client: Client) -> None:
    response = client.get("/structure/third-period/chart.svg?detail=compact")

    assert response["Content-Type"] == "image/svg+xml"
    name = unquote(response["Content-Disposition"])
    assert re.fullmatch(
        r"inline; filename\*=utf-8''第３期における健康・医療戦略の推進体制 体制図（簡略） \d{4}-\d\d-\d\d\.svg", name
    )
    assert response.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<svg')


@pytest.mark.django_db
def test_wrong_addresses_of_charts_say_so(client: Client) -> None:
    factories.structure()
    factories.structure("draft", status=Status.DRAFT, valid_from=None)

    assert client.get("/structure/draft/chart.svg").status_code == 404
    assert client.get("/structure/nothing/chart.svg").status_code == 404
    for address in ("/structure/edition/chart.svg", "/structure/edition/", "/structure/"):
        refused = client.get(address, {"detail": "huge"})
        assert refused.status_code == 400
        assert "「huge」" in refused.content.decode()
        assert "full か compact" in refused.content.decode()


@pytest.mark.django_db
def test_past_and_scheduled_charts_say_when_they_apply(client: Client) -> None:
    soon = datetime.date.today() + datetime.timedelta(days=40)  # noqa: DTZ011 - any day to come will do
    for code, day in (("past", "2015-04-01"), ("now", "2020-04-01"), ("soon", str(soon))):
        factories.place(factories.structure(code, valid_from=day), "a")
    new = factories.place(Structure.objects.get(code="soon"), "new")

    assert "2015年4月1日から適用（過去の体制）" in words(svg(client, "/structure/past/chart.svg"))
    assert "現在" in words(svg(client, "/structure/now/chart.svg"))
    response = client.get("/structure/soon/chart.svg")
    assert "から適用（公開予定）" in response.content.decode()
    assert response["X-Robots-Tag"] == "noindex"
    assert f"/bodies/{new.body.code}/" not in response.content.decode()  # has no page yet
    assert "/bodies/a/" in response.content.decode()


@pytest.mark.django_db
def test_a_chart_is_drawn_once_for_each_state_of_the_data(client: Client) -> None:
    placement = factories.place(factories.structure(), "a", name="前の名")
    address = "/structure/edition/chart.svg"

    def asked() -> tuple[int, str]:
        with CaptureQueriesContext(connection) as captured:
            said = client.get(address).content.decode()
        return len(captured), said

    cold, said = asked()
    warm, again = asked()
    assert again == said
    assert warm == 3 < cold  # the edition, the revision, whether it is in force

    placement.name = "後の名"
    placement.save()
    changed, said = asked()
    assert changed == cold
    assert "後の名" in said
    assert "前の名" not in said


@pytest.mark.django_db
def test_a_chart_is_kept_apart_by_language_day_and_standing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.place(factories.structure(), "a", name="機関", name_en="Body")
    japanese, english = "/structure/edition/chart.svg", "/en/structure/edition/chart.svg"

    said = client.get(japanese).content.decode()
    assert ">Body<" in client.get(english).content.decode()
    assert client.get(japanese).content.decode() == said
    body = on_page(client, "/bodies/a/").get_text()
    assert "Body" in on_page(client, "/en/bodies/a/").get_text()
    assert on_page(client, "/bodies/a/").get_text() == body

    monkeypatch.setattr(charts, "today", lambda: datetime.date(2031, 5, 6))
    assert "2031年5月6日現在" in client.get(japanese).content.decode()
    assert "2031年5月6日現在" in on_page(client, "/bodies/a/").get_text()

    # Another edition comes into force.
    factories.place(factories.structure("next", valid_from="2022-04-01"), "b")
    assert "過去の体制" in client.get(japanese).content.decode()


@pytest.mark.django_db
def test_the_figure_says_what_is_inferred_or_provisional(client: Client) -> None:
    row = factories.place(factories.structure(), "a", name_en="Body", name_en_standing="official")
    address = "/en/structure/edition/chart.svg"
    assert "inferred" not in client.get(address).content.decode()
    assert "provisional" not in client.get(address).content.decode()

    Placement.objects.filter(pk=row.pk).update(evidence="inferred")
    assert "inferred" in client.get(address).content.decode()
    fields = {"text": "役割", "text_en": "Role", "text_en_standing": "provisional", "source": row.source}
    Mandate.objects.create(placement=row, code="m", **fields)
    assert "provisional" in client.get(address).content.decode()


@pytest.mark.django_db
def test_partners_shown_apart_say_where_they_stand_and_are_not_counted_as_hidden(client: Client) -> None:
    structure = factories.structure()
    hq = factories.place(structure, "hq")
    a, b = factories.place(structure, "a", hq), factories.place(structure, "b", hq, name="局")
    x, y = factories.place(structure, "x", a), factories.place(structure, "y", b)
    Link.objects.create(from_placement=x, to_placement=y, kind=Relation.FUNDS, source=x.source)

    said = re.sub(r"\s", "", on_page(client, "/bodies/x/").get_text())

    assert "（局の下）" in said
    assert "ほか1機関" in said  # b alone


@pytest.mark.django_db
def test_the_simplest_relations_are_drawn(client: Client) -> None:
    structure = factories.structure()
    source = structure.source
    top = factories.place(structure, "top", kind=Kind.HEADQUARTERS)
    left, right = factories.place(structure, "left", top), factories.place(structure, "right", top)
    group = factories.place(structure, "group", kind=Kind.GROUP)
    member = factories.place(structure, "member", group)
    agency = factories.place(structure, "agency", kind=Kind.AGENCY)
    many = factories.place(structure, "many")
    hung = [factories.place(structure, f"hung{number}", many) for number in range(6)]
    for one, other in [(left, right), (group, agency), (member, agency), (left, agency), (many, hung[0])]:
        Link.objects.create(from_placement=one, to_placement=other, kind=Relation.FUNDS, source=source)

        assert figure(structure).lost == [], (one, other)


@pytest.mark.django_db
def test_an_editor_says_where_names_break_and_how_bodies_are_set() -> None:
    structure = factories.structure()
    top = factories.place(structure, "top", name="医療推進専門調査会", name_breaks="医療推進｜専門調査会")
    for number in range(5):
        factories.place(structure, f"b{number}", top)

    assert [line.text for line in boxes(figure(structure))["top"].names] == ["医療推進", "専門調査会"]
    hanging = boxes(figure(structure))
    assert hanging["b0"].x == hanging["b1"].x

    Placement.objects.filter(body__code="top").update(arrangement=Arrangement.ROW, name_breaks="医療｜調査会")
    row = boxes(figure(structure))
    assert row["b0"].y == row["b4"].y
    assert row["b0"].x < row["b4"].x
    assert [line.text for line in row["top"].names] == ["医療推進専門調査会"]  # a hint that has grown stale

    few = factories.place(structure, "few", arrangement=Arrangement.HANGING)
    for number in range(2):
        factories.place(structure, f"f{number}", few)
    drawn = boxes(figure(structure))
    assert drawn["f0"].x == drawn["f1"].x


def more(drawn: ElementTree.Element) -> list[int]:
    return [int(number) for number in re.findall(r"(?:ほか|この下に)(\d+)機関", words(drawn))]


@pytest.mark.django_db
def test_a_large_structure_shows_its_top_and_counts_the_rest(client: Client) -> None:
    factories.many(factories.structure(), 1_000, fan=30)

    for address in ("/structure/edition/chart.svg", "/structure/edition/chart.svg?detail=compact"):
        chart = svg(client, address)
        links = [each.get("href", "") for each in chart.iter(f"{SVG}a")]
        shown = [link for link in links if re.fullmatch(r".*/bodies/b\d+/", link)]
        assert len(links) <= 60
        assert len(shown) + sum(more(chart)) == 1_000
        assert any(link.endswith("#children") for link in links)
    assert page(client, "/structure/edition/").select_one("svg.chart") is not None
    assert page(client, "/").select_one("svg.chart") is not None


@pytest.mark.django_db
def test_many_bodies_at_the_top_lead_on_to_the_list(client: Client) -> None:
    structure = factories.structure()
    for number in range(100):
        factories.place(structure, f"r{number}")

    chart = svg(client, "/structure/edition/chart.svg")

    assert more(chart) == [100 - charts.SHOWN]
    assert [each.get("href") for each in chart.iter(f"{SVG}a")][-1] == "http://testserver/structure/edition/#bodies"


def on_page(client: Client, address: str) -> Any:
    chart = page(client, address).select_one("svg.chart")
    assert chart is not None
    return chart


@pytest.mark.django_db
def test_a_body_stands_between_what_is_above_and_below_it(client: Client) -> None:
    rows = factories.many(factories.structure(), 10_000, fan=10)
    middle = rows[25]  # under b2, under b0
    assert middle.parent is not None
    factories.place(middle.structure, "adviser", rows[0])
    adviser = Placement.objects.get(body__code="adviser")
    Link.objects.create(
        from_placement=adviser, to_placement=middle, kind=Relation.ADVISES, label="助言", source=factories.source()
    )

    chart = on_page(client, f"/bodies/{middle.body.code}/")

    codes = {link["href"].split("/")[2] for link in chart.select("a") if "#" not in link["href"]}
    assert {"b0", "b2", "b25", "adviser"} <= codes
    children = Placement.objects.filter(parent=middle).values_list("body__code", flat=True)
    assert set(children) <= codes
    assert "b1" not in codes
    assert len(chart.select("a")) <= 60
    said = re.sub(r"\s", "", chart.get_text())
    assert "助言" in said
    assert "adviser→b25" in said.replace("機関", "")
    assert re.search(r"ほか[\d]+機関", said)


@pytest.mark.django_db
def test_a_body_deep_down_and_one_with_many_relations_stay_legible(client: Client) -> None:
    structure = factories.structure()
    row = None
    for number in range(30):
        row = factories.place(structure, f"d{number}", row)
    assert row is not None
    source = factories.source()
    far = factories.place(structure, "far", name="別の本部")
    for number in range(40):
        partner = factories.place(structure, f"p{number}", far)
        Link.objects.create(from_placement=row, to_placement=partner, kind=Relation.FUNDS, source=source)

    chart = on_page(client, "/bodies/d29/")

    said = re.sub(r"\s", "", chart.get_text())
    assert "この上に21機関" in said
    assert said.count("（別の本部の下）") == charts.PARTNERS
    assert f"このほかの{40 - charts.PARTNERS}件の関係" in said
    assert len(chart.select("a")) == charts.ABOVE + 1 + charts.PARTNERS


@pytest.mark.django_db
def test_a_member_of_a_group_has_the_groups_relations(client: Client, third_period: None) -> None:
    chart = on_page(client, "/bodies/meti/")

    said = re.sub(r"\s", "", chart.get_text())
    assert "AMED所管府省→AMED（推定）" in said
    assert "経産省→AMED" in said
    assert "文科省→AMED" not in said  # another member's own


def test_a_group_has_its_members_relations(client: Client, third_period: None) -> None:
    said = re.sub(r"\s", "", on_page(client, "/bodies/group_shokan/").get_text())

    assert "文科省、厚労省、経産省→AMED" in said
    assert "AMED所管府省→AMED（推定）" in said


@pytest.mark.no_cover
def test_every_shipped_body_has_its_chart(client: Client, third_period: None) -> None:
    for placement in Placement.objects.select_related("body"):
        for prefix in ("", "/en"):
            chart = on_page(client, f"{prefix}/bodies/{placement.body.code}/")
            said = re.sub(r"\s", "", chart.get_text())
            assert re.sub(r"\s", "", placement.name_en if prefix else placement.name) in said
            assert "〔" not in chart.get_text()


@st.composite
def trees(draw: st.DrawFn) -> list[Row]:
    """Rows of a forest in reading order."""
    parents = [
        draw(st.one_of(st.none(), st.integers(0, number - 1))) if number else None
        for number in range(draw(st.integers(1, 60)))
    ]
    children: dict[int | None, list[int]] = {}
    for number, parent in enumerate(parents):
        children.setdefault(parent, []).append(number)
    rows: list[Row] = []

    def below(number: int) -> int:
        return sum(1 + below(child) for child in children.get(number, []))

    def visit(number: int, level: int) -> Iterator[Row]:
        yield Row(number, parents[number], level, 0, below(number))
        for child in children.get(number, []):
            yield from visit(child, level + 1)

    for root in children[None]:
        rows += visit(root, 0)
    # Left numbers as nested sets have them: two for each place passed, less one for each still open.
    return [Row(row.key, row.parent, row.level, 2 * order - row.level, row.below) for order, row in enumerate(rows)]


@settings(deadline=None, max_examples=100, derandomize=True)
@given(trees(), st.data())
def test_what_is_chosen_is_counted_once(rows: list[Row], data: st.DataObject) -> None:
    limit = data.draw(st.integers(1, 60))
    keys = [row.key for row in rows]
    first = data.draw(st.lists(st.sampled_from(keys), max_size=5, unique=True))
    shown = choose(rows, first, limit)

    placed = [*shown.roots, *(child for children in shown.children.values() for child in children)]
    assert sorted(placed) == sorted(shown.children)  # each stands once
    assert set(first) <= set(placed)
    assert len(placed) == min(len(rows), max(limit, len(first)))
    order = {row.key: row.order for row in rows}
    parents = {row.key: row.parent for row in rows}
    for parent, children in [*shown.children.items(), (None, shown.roots)]:
        assert [order[child] for child in children] == sorted(order[child] for child in children)
        for child in children:
            assert parents[child] == parent or (parent is None and parents[child] not in shown.children)
    # What is under something shown is shown, or counted there as hidden, once.
    by_key = {row.key: row for row in rows}

    def above(key: int) -> list[int]:
        parent = by_key[key].parent
        return [] if parent is None else [parent, *above(parent)]

    covered = sum(1 for key in keys if key in shown.children or any(each in shown.children for each in above(key)))
    assert len(placed) + sum(shown.hidden.values()) == covered
    assert min(shown.hidden.values()) >= 0


def test_kinds_have_their_places() -> None:
    assert {kind for kind in Kind if kind in charts.STANDS} == {
        Kind.EXPERT_PANEL,
        Kind.ADVISORY_MEETING,
        Kind.SECRETARIAT,
        Kind.GROUP,
    }
    assert set(STROKES) == set(Relation.values)
    looks = {(stroke.dashes, stroke.end, stroke.width) for stroke in STROKES.values()}
    assert len(looks) == len(STROKES)  # told apart without colour

"""What readers see of structures and bodies, and what they never see."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bodies.models import Kind, Link, Mandate, Note, NoteKind, Placement, Relation, Seat, Status, Structure, today
from portal.models import Evidence
from tests import factories
from tests.pages import page, text

TOMORROW = today() + datetime.timedelta(days=1)


def fill(placement: Placement, count: int, other: Placement | None = None) -> None:
    """Roles, members, notes and relations of a body, `count` of each."""
    source = factories.source()
    for number in range(count):
        fields: dict[str, Any] = {"placement": placement, "code": f"c{number}", "source": source}
        mandate = Mandate.objects.create(text=f"役割{number}", **fields)
        seat = Seat.objects.create(post=f"職{number}", holder=f"者{number}", **fields)
        Note.objects.create(text=f"注{number}", mandate=mandate, marker=f"＊{number}", **fields)
        Note.objects.create(text=f"席の注{number}", seat=seat, **(fields | {"code": f"s{number}"}))
        if other is not None:
            kind = Relation.values[number]
            Link.objects.create(from_placement=placement, to_placement=other, kind=kind, source=source)


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "expected"), [("/structure/edition/", 10), ("/structure/", 10), ("/", 7)])
@pytest.mark.no_cover
def test_structure_pages_ask_the_same_for_1_3_and_10000_bodies(client: Client, address: str, expected: int) -> None:
    structure = factories.structure()
    first = factories.place(structure, "x0")
    fill(first, 1)
    assert queries(client, address) == expected
    for code in ("x1", "x2"):
        fill(factories.place(structure, code, first), 3, first)
    assert queries(client, address) == expected
    factories.many(structure, 9_997)
    assert Placement.objects.count() == 10_000

    assert queries(client, address) == expected


@pytest.mark.django_db
def test_body_page_asks_the_same_for_1_and_3_of_everything(client: Client) -> None:
    structure = factories.structure()
    top = factories.place(structure, "top")
    one = factories.place(structure, "one", top)
    factories.place(structure, "one-a", one)
    fill(one, 1, top)
    three = factories.place(structure, "three", top)
    for code in ("a", "b", "c"):
        factories.place(structure, f"three-{code}", three)
    fill(three, 3, top)

    assert queries(client, "/bodies/one/") == 18
    assert queries(client, "/bodies/three/") == 18


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 120])
def test_source_pages_ask_the_same_for_any_number_of_facts(client: Client, count: int) -> None:
    fill(factories.place(factories.structure(), "a"), count)

    assert queries(client, "/sources/slides/") == 22
    assert queries(client, "/sources/slides/?kind=mandate") == 4
    assert queries(client, "/sources/") == 2


@pytest.mark.django_db
def test_large_structure_folds_and_a_small_one_does_not(client: Client) -> None:
    structure = factories.structure()
    rows = factories.many(structure, 80)
    small = page(client, "/structure/edition/")
    assert len(small.select(".placement")) == 80
    assert not small.select("details")
    assert small.find(id="q") is None

    factories.place(structure, "last", rows[-1])
    large = page(client, "/structure/edition/")

    assert [card["id"] for card in large.select(".placement")] == ["body-b0"]
    folded = large.select("details")
    assert folded
    assert not any(each.has_attr("open") for each in folded)
    assert len({link["href"] for link in large.select("#list a[href^='/bodies/']")}) == 81
    assert large.find(id="q") is not None


@pytest.mark.django_db
def test_home_shows_the_upper_part_of_a_large_structure_and_leads_on(client: Client) -> None:
    factories.many(factories.structure(), 100)

    home = page(client, "/")

    assert [link["href"] for link in home.select(".outline .tree a")][:3] == [
        "/bodies/b0/",
        "/bodies/b1/",
        "/bodies/b11/",
    ]
    assert len(home.select(".outline .tree a")) == 80
    lead = home.select_one(".outline a[href='/structure/edition/']:-soup-contains('ほか')")
    assert lead is not None
    assert lead.get_text() == "ほか 20 機関"


@pytest.mark.django_db
def test_filter_finds_bodies_by_any_name_with_the_path_to_them(client: Client) -> None:
    structure = factories.structure()
    top = factories.place(structure, "top", name="本部")
    factories.place(
        structure, "mext", top, name="文部科学省", short_name="文科省", name_en="Ministry of Education (MEXT)"
    )
    factories.place(structure, "mhlw", top, name="厚生労働省")

    for query in ("文科", "ＭＥＸＴ", "education ministry", "mext"):
        found = page(client, f"/structure/edition/?q={query}").select(".matches li")
        assert [re.sub(r"\s+", "", item.get_text()) for item in found] == ["本部›文部科学省"], query
    nothing = page(client, "/structure/edition/?q=<b>none")
    assert not nothing.select(".matches li")
    assert "「<b>none」に合う機関：0件" in text(nothing)


@pytest.mark.django_db
def test_filter_shows_at_most_200_and_says_so(client: Client) -> None:
    factories.many(factories.structure(), 250)

    shown = page(client, "/structure/edition/?q=機関")

    assert len(shown.select(".matches li")) == 200
    assert "合う機関：250件" in text(shown)
    assert "はじめの200件を示しています" in text(shown)


@pytest.fixture
def hidden(db: Any) -> list[str]:
    """Words that stand in what readers must not see, beside something that they may."""
    shown = factories.structure("shown")
    amed = factories.place(shown, "amed", name="見える機関")
    hiding: dict[str, dict[str, Any]] = {
        "secret-draft": {"status": Status.DRAFT},
        "secret-withdrawn": {"status": Status.WITHDRAWN, "valid_from": "2021-01-01"},
        "secret-later": {"valid_from": TOMORROW},
    }
    for code, fields in hiding.items():
        structure = factories.structure(code, title=f"極秘の体制 {code}", **fields)
        placement = factories.place(structure, f"{code}-body", name=f"極秘の機関 {code}")
        amed.body.successors.add(placement.body)
        cited = factories.source(f"{code}-source", title="極秘の資料")
        Placement.objects.filter(pk=placement.pk).update(basis="法", basis_source=cited)
        again = Placement.objects.create(
            structure=structure, body=amed.body, name="極秘の改称", kind=Kind.AGENCY, source=factories.source()
        )
        fill(placement, 2, again)
        Mandate.objects.filter(placement=placement).update(text="極秘の役割")
        Seat.objects.filter(placement=placement).update(holder="極秘の者")
        Note.objects.filter(placement=placement).update(text="極秘の注")
    return ["極秘", "secret"]


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/structure/",
        "/structure/shown/",
        "/structure/?q=機関",
        "/bodies/amed/",
        "/bodies/amed/data.jsonld",
        "/sources/",
        "/sources/slides/",
        "/sources/slides/?kind=placement",
        "/sitemap/",
        "/bodies/amde/",
    ],
)
def test_drafts_withdrawn_and_scheduled_appear_nowhere(client: Client, hidden: list[str], address: str) -> None:
    for prefix in ("", "/en"):
        body = client.get(prefix + address).content.decode()
        assert len(body) > 300
        for word in hidden:
            assert word not in body, (address, word)


@pytest.mark.parametrize(
    "address",
    [
        "/structure/secret-draft/",
        "/sources/secret-draft-source/",
        "/structure/secret-withdrawn/",
        "/bodies/secret-draft-body/",
        "/bodies/secret-later-body/",
        "/bodies/secret-later-body/data.jsonld",
    ],
)
def test_hidden_addresses_are_not_found(client: Client, hidden: list[str], address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "極秘" not in response.content.decode()


def test_scheduled_structure_is_shown_at_its_own_address_and_marked(client: Client, hidden: list[str]) -> None:
    shown = page(client, "/structure/secret-later/")

    assert "公開予定" in text(shown)
    assert shown.select_one("meta[name=robots][content=noindex]") is not None
    # Its new body has no page yet, and so is no link; the one that readers know is.
    assert {link["href"] for link in shown.select("#main a[href^='/bodies/']")} == {"/bodies/amed/"}


@pytest.mark.django_db
def test_structure_on_a_day_leads_to_the_edition(client: Client) -> None:
    factories.structure("old", valid_from="2020-04-01")
    factories.structure("new", valid_from="2025-04-01")

    assert client.get("/structure/?on=2023-04-01").headers["Location"] == "/structure/old/"
    assert client.get("/en/structure/?on=2025-04-01").headers["Location"] == "/en/structure/new/"
    factories.structure("later", valid_from=TOMORROW)
    assert client.get(f"/structure/?on={TOMORROW}").headers["Location"] == "/structure/new/"
    early = page(client, "/structure/?on=2019-01-01", 404)
    assert "2019年1月1日に適用されていた体制は、掲載していません" in text(early)
    assert early.select_one("#main a[href='/structure/old/']") is not None
    for wrong in ("x", "2025-13-01", "", "９", "2025-04-01T00:00"):
        assert "日付は2026-04-01の形で指定してください" in text(page(client, f"/structure/?on={wrong}", 400))


@pytest.mark.django_db
def test_past_current_and_no_structure_are_told_apart(client: Client) -> None:
    assert "公開されている体制は、まだありません" in text(page(client, "/structure/", 404))
    assert "公開されている体制は、まだありません" in text(page(client, "/"))
    factories.structure("old", valid_from="2020-04-01")
    factories.structure("new", valid_from="2025-04-01")

    assert "過去の体制" in text(page(client, "/structure/old/"))
    assert "現行体制" in text(page(client, "/structure/new/"))


@pytest.mark.django_db
def test_body_outside_the_structure_in_force_shows_its_latest_edition(client: Client) -> None:
    old = factories.structure("old", title="旧体制", valid_from="2020-04-01")
    new = factories.structure("new", valid_from="2025-04-01")
    gone = factories.place(old, "gone", name="旧機関")
    heir = factories.place(new, "heir", name="新機関", name_en="Heir")
    gone.body.successors.add(heir.body)

    past = page(client, "/bodies/gone/")
    assert "過去の体制" in text(past)
    assert "旧体制" in text(past)
    assert "後継：新機関" in text(past)
    assert "前身：旧機関" in text(page(client, "/bodies/heir/"))


@pytest.mark.django_db
def test_unknown_body_gets_a_page_that_helps(client: Client, third_period: None) -> None:
    shown = page(client, "/bodies/kyogikai1/", 404)

    assert "「kyogikai1」という機関はありません" in text(shown)
    assert "医薬品開発協議会" in text(shown)
    english = page(client, "/en/bodies/kyogikai1/", 404)
    assert "Therenobody" not in text(english)
    assert "CouncilforDrugDevelopment" in text(english)
    assert shown.select_one("a[href='/sitemap/']") is not None
    assert client.get("/bodies/").headers["Location"] == "/structure/"


def sentences(soup: Any) -> list[str]:
    return [re.sub(r"\s+", "", item.get_text()).split("。")[0] for item in soup.select("#relations ~ .facts > li")]


@pytest.mark.django_db
def test_relations_are_told_both_ways_in_words(client: Client, third_period: None) -> None:
    amed = sentences(page(client, "/bodies/amed/"))
    assert "AMED所管府省は、国立研究開発法人日本医療研究開発機構の長等を任命・解任する" in amed
    assert "総務省は、国立研究開発法人日本医療研究開発機構に資金を交付する" in amed
    assert len([each for each in amed if "を所管する" in each]) == 4

    mext = page(client, "/bodies/mext/")
    assert "文部科学省は、国立研究開発法人日本医療研究開発機構を所管する" in sentences(mext)
    assert "AMED所管府省は、国立研究開発法人日本医療研究開発機構に目標を示す" in sentences(mext)
    assert "（AMED所管府省の一つとして）" in text(mext)
    assert "文部科学省は、国立研究開発法人日本医療研究開発機構を所管する" not in sentences(
        page(client, "/bodies/mhlw/")
    )


@pytest.mark.django_db
def test_three_labelled_arrows_lead_to_amed(client: Client, third_period: None) -> None:
    shown = text(page(client, "/bodies/amed/"))

    for label in ("理事長等の任命・解任", "中長期目標の提示", "補助金・運営費交付金の交付"):
        assert f"文言：{label}出典" in shown or f"文言：{label}根拠" in shown


@pytest.mark.django_db
def test_notes_stand_where_they_are_printed(client: Client, third_period: None) -> None:
    hq = page(client, "/bodies/hq/")

    first, second, *_rest = (re.sub(r"\s+", "", item.get_text()) for item in hq.select("#mandates ~ .facts > li"))
    assert first.startswith("健康・医療戦略＊2注2の作成・実施の推進")
    assert second.startswith("医療分野研究開発推進計画＊3注3の作成")
    for mark in hq.select("sup a"):
        assert hq.select_one(str(mark["href"])) is not None
        assert mark.select_one(".heard") is not None
    english = re.sub(r"\s+", " ", page(client, "/en/bodies/hq/").get_text())
    assert "note 2" in english


@pytest.mark.django_db
def test_several_notes_on_one_text_stand_each_at_its_phrase(client: Client) -> None:
    placement = factories.place(factories.structure(), "a")
    fields: dict[str, Any] = {"placement": placement, "source": factories.source()}
    mandate = Mandate.objects.create(code="m", text="戦略と計画と注の作成", **fields)
    for number, phrase in enumerate(["計画", "", "戦略", "注"]):
        marker = f"＊{number}"
        Note.objects.create(code=f"n{number}", marker=marker, phrase=phrase, text="文", mandate=mandate, **fields)

    item = page(client, "/bodies/a/").select_one("#mandate-m")
    assert item is not None
    for heard in [*item.select(".heard"), *item.select(".cite")]:
        heard.decompose()
    assert re.sub(r"\s+", "", item.get_text()) == "戦略＊2と計画＊0と注＊3の作成＊1"


@pytest.mark.django_db
def test_the_same_mark_on_two_bodies_leads_to_two_notes(client: Client) -> None:
    structure = factories.structure()
    for code, words in {"a": "一つ目", "b": "二つ目"}.items():
        placement = factories.place(structure, code)
        Note.objects.create(placement=placement, code="n", marker="※", text=words, source=factories.source())
    for number in (10, 2):
        mark = f"＊{number}"
        Note.objects.create(placement=placement, code=f"n{number}", marker=mark, text=mark, source=factories.source())

    shown = page(client, "/structure/")

    for code, words in {"a": "一つ目", "b": "二つ目"}.items():
        link = shown.select(f"#body-{code} .name sup a")[0]
        target = shown.select_one(str(link["href"]))
        assert target is not None
        assert words in target.get_text()
    assert [item.get_text() for item in shown.select(".note .marker > span:first-child")] == ["＊2", "＊10", "※", "※"]


@pytest.mark.django_db
def test_contradictions_are_shown_on_the_bodies_concerned(client: Client, third_period: None) -> None:
    for code in ("hq", "council", "kyogikai01", "kyogikai10"):
        shown = text(page(client, f"/bodies/{code}/"))
        assert "出典間の相違" in shown
        assert "「健康・医療戦略推進本部の下に」" in shown
    structure = page(client, "/structure/")
    assert len(structure.select(".note-discrepancy")) == 1
    assert len(structure.select(".note-discrepancy .on a")) == 12


@pytest.mark.django_db
def test_inferred_and_derived_say_so_and_sources_are_within_reach(client: Client, third_period: None) -> None:
    shown = page(client, "/structure/third-period/")
    for row in shown.select("tbody tr"):
        assert row.select_one("a[href^='/sources/']") is not None
    for card in shown.select(".placement > .card"):
        assert card.select_one("a[href^='/sources/']") is not None
    assert shown.select_one(".state ~ .cite .badge-derived") is not None
    assert Link.objects.filter(evidence=Evidence.INFERRED).exists()
    amed = page(client, "/bodies/amed/")
    assert amed.select(".badge-inferred")


@pytest.mark.django_db
def test_english_page_shows_standing_and_keeps_japanese_marked(client: Client) -> None:
    structure = factories.structure(title_en="Edition", title_en_standing="provisional")
    named = factories.place(structure, "named", name="命名", name_en="Named", name_en_standing="reference")
    factories.place(structure, "unnamed", named, name="無名機関")

    shown = page(client, "/en/structure/")
    assert "Provisionaltranslation" in text(shown)
    assert "Referencetranslation" in text(shown)
    unnamed = shown.select_one("#body-unnamed .name a span")
    assert unnamed is not None
    assert (unnamed.get_text(), unnamed["lang"]) == ("無名機関", "ja")
    japanese = page(client, "/bodies/named/")
    assert "Named参考訳" in text(japanese)


@pytest.mark.django_db
def test_one_badge_for_a_post_tells_the_least_official_of_its_holders(client: Client) -> None:
    placement = factories.place(factories.structure(), "a")
    for number, value in enumerate(["official", "reference", "provisional"]):
        fields = {"post": "副本部長", "holder": f"者{number}", "holder_en": f"Holder {number}", "code": f"s{number}"}
        Seat.objects.create(
            placement=placement, holder_en_standing=value, sort_order=number, source=factories.source(), **fields
        )

    badges = page(client, "/en/structure/").select(".seats .badge")

    assert [badge.get_text() for badge in badges] == ["Provisional translation"]


@pytest.mark.django_db
def test_words_from_the_data_are_escaped(client: Client) -> None:
    structure = factories.structure(title="<script>alert(1)</script>")
    bad = factories.place(structure, "a", name="<b>太字</b>", basis="<i>", basis_source=factories.source())
    fields: dict[str, Any] = {"placement": bad, "source": factories.source()}
    mandate = Mandate.objects.create(code="m", text="<u>役割</u>", **fields)
    Seat.objects.create(code="s", post="<p>", holder="<q>", **fields)
    Note.objects.create(code="n", marker="＊1", phrase="<u>役割", text="<s>", mandate=mandate, **fields)
    other = factories.place(structure, "b", name="%(source)s <b>")
    Link.objects.create(from_placement=bad, to_placement=other, kind=Relation.FUNDS, source=factories.source())
    factories.many(structure, 100)

    for address in ("/", "/structure/", "/structure/?q=<b>", "/bodies/a/", "/bodies/b/", "/sources/slides/"):
        html = client.get(address).content.decode()
        for tag in ("<script", "<b>", "<i>", "<u>", "<p>：", "<q>", "<s>"):
            assert tag not in html, (address, tag)
    assert "&lt;u&gt;役割<sup>" in client.get("/bodies/a/").content.decode()


@pytest.mark.django_db
def test_json_ld_holds_the_facts_of_the_page(client: Client, third_period: None) -> None:
    response = client.get("/bodies/hq/data.jsonld")

    assert response.headers["Content-Type"] == "application/ld+json"
    data = json.loads(response.content)
    assert data["@type"] == ["org:FormalOrganization", "GovernmentOrganization"]
    assert data["@id"] == "http://testserver/bodies/hq/"
    assert {"@value": "健康・医療戦略推進本部", "@language": "ja"} in data["name"]
    assert data["org:hasPost"][0]["org:heldBy"]["name"][0]["@value"] == "内閣総理大臣"
    assert len(data["org:purpose"]) == 3
    assert data["dcterms:source"]["citation"]["@id"] == "http://testserver/sources/third-period-slides/"
    assert data["dcterms:source"]["evidence"] == "printed"
    assert "parentOrganization" not in data
    assert not [child for child in data["subOrganization"] if "secretariat" in child["@id"]]
    council = json.loads(client.get("/bodies/kyogikai01/data.jsonld").content)
    assert council["parentOrganization"] == {"@id": "http://testserver/bodies/council/"}
    group = json.loads(client.get("/bodies/group_shokan/data.jsonld").content)
    assert group["@type"] == ["org:OrganizationalCollaboration"]
    assert len(group["org:hasMember"]) == 4
    assert "subOrganization" not in group
    member = json.loads(client.get("/bodies/mext/data.jsonld").content)
    assert member["org:memberOf"] == {"@id": "http://testserver/bodies/group_shokan/"}
    assert {source["evidence"] for link in member["dcterms:relation"] for source in [link["dcterms:source"]]} == {
        "printed",
        "inferred",
    }
    link = page(client, "/bodies/hq/").select_one("link[rel=alternate][type='application/ld+json']")
    assert link is not None
    assert link["href"] == "/bodies/hq/data.jsonld"


@pytest.mark.django_db
def test_note_kinds_are_told_apart(client: Client) -> None:
    placement = factories.place(factories.structure(), "a")
    for kind in NoteKind:
        Note.objects.create(placement=placement, code=kind.value, kind=kind, text="文", source=factories.source())

    shown = page(client, "/bodies/a/")

    assert [item["class"] for item in shown.select(".note")] == [["note", f"note-{kind}"] for kind in sorted(NoteKind)]


@pytest.mark.django_db
def test_depth_beyond_six_headings_stays_valid(client: Client) -> None:
    structure = factories.structure()
    parent = None
    for depth in range(8):
        parent = factories.place(structure, f"d{depth}", parent)

    names = [tag.name for tag in page(client, "/structure/").select(".card .name")]

    assert names == ["h3", "h4", "h5", "h6", "h6", "h6", "h6", "h6"]
    assert Structure.objects.count() == 1

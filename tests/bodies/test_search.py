"""What search finds of bodies and editions, and what it never does."""

from __future__ import annotations

import datetime
import re
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from bodies.models import Link, Mandate, Note, Placement, Relation, Seat, Status, today
from tests import factories
from tests.pages import page

TOMORROW = today() + datetime.timedelta(days=1)


def ask(client: Client, query: str, prefix: str = "") -> BeautifulSoup:
    return page(client, f"{prefix}/search/?q={quote(query)}")


def found(client: Client, query: str, prefix: str = "") -> list[str]:
    """Each result in one line: kind, address, title, context and the texts shown."""
    lines = []
    for section in ask(client, query, prefix).select("section[aria-labelledby^=kind-]"):
        kind = str(section["aria-labelledby"]).removeprefix("kind-")
        for item in section.select(".hits > li"):
            words = re.sub(r"\s+", " ", item.get_text(" ", strip=True)).replace("： ", "：")
            lines.append(f"{kind} {item.select('a')[0]['href']} {words}")
    return lines


def fill(placement: Placement, word: str, other: Placement) -> None:
    """A word in everything that can be said of a body."""
    source = factories.source()
    fields: dict[str, Any] = {"placement": placement, "source": source, "remark": f"{word}の備考"}
    Mandate.objects.create(code="m", text=f"{word}の役割", text_en=f"{word} role", **fields)
    Seat.objects.create(code="s", post=f"{word}長", holder=f"{word}の者", holder_en=f"{word} person", **fields)
    Note.objects.create(code="n", text=f"{word}の注", text_en=f"{word} note", **fields)
    ends = {"from_placement": placement, "to_placement": other}
    said = {"label": f"{word}の関係", "basis": f"{word}の根拠", "remark": f"{word}の備考"}
    Link.objects.create(kind=Relation.FUNDS, source=source, **ends, **said)
    cited = factories.source(f"{placement.structure.code}-law", title=f"{word}の法律", issuer=f"{word}の府省")
    basis = {"basis": f"{word}の根拠法", "basis_source": cited, "remark": f"{word}の備考"}
    Placement.objects.filter(pk=placement.pk).update(**basis)


@pytest.mark.django_db
def test_everything_said_of_a_body_is_found_where_it_stands(client: Client) -> None:
    structure = factories.structure(title="推進体制", title_en="Structure")
    body = factories.place(
        structure, "mext", name="文部科学省", name_en="Ministry of Education", short_name="文科省", short_name_en="MEXT"
    )
    other = factories.place(structure, "other", name="相手", name_en="Other")
    fill(body, "珍", other)

    assert found(client, "mext") == ["body /bodies/mext/ 文部科学省 コード：mext"]
    assert found(client, "文科省") == ["body /bodies/mext/ 文部科学省 略称：文科省"]
    assert found(client, "文科省", "/en") == ["body /en/bodies/mext/ Ministry of Education Short name: 文科省"]
    assert found(client, "珍の役割") == ["mandate /bodies/mext/#mandate-m 珍の役割 文部科学省"]
    assert found(client, "珍長") == ["seat /bodies/mext/#seat-s 珍長 ：珍の者 文部科学省"]
    assert found(client, "珍の注") == ["body /bodies/mext/ 文部科学省 注：珍の注"]
    assert found(client, "珍の関係") == [
        "body /bodies/mext/ 文部科学省 関係：珍の関係",
        "body /bodies/other/ 相手 関係：珍の関係",
    ]
    assert found(client, "珍の根拠法") == ["body /bodies/mext/ 文部科学省 根拠（法令・決定）：珍の根拠法"]
    assert found(client, "珍の法律") == ["source /sources/edition-law/ 珍の法律"]
    assert found(client, "珍の府省") == ["source /sources/edition-law/ 珍の法律 発行者：珍の府省"]
    assert found(client, "推進体制") == ["structure /structure/edition/ 推進体制"]
    assert found(client, "edition", "/en") == [
        "structure /en/structure/edition/ Structure Code: edition",
        "source /en/sources/edition-law/ 珍の法律 Code: edition -law",
    ]


@pytest.mark.django_db
@pytest.mark.no_cover
def test_addresses_of_results_lead_to_what_was_found(client: Client, third_period: None) -> None:
    for prefix in ("", "/en"):
        for link in ask(client, "戦略", prefix).select(".hits > li > a"):
            target, _, fragment = str(link["href"]).partition("#")
            shown = page(client, target)
            assert shown.select_one(f"html[lang={'en' if prefix else 'ja'}]") is not None
            assert not fragment or shown.find(id=fragment) is not None, link["href"]


@pytest.mark.django_db
def test_a_body_of_several_editions_is_found_once_by_all_its_names(client: Client) -> None:
    oldest = factories.structure("oldest", title="第一の体制", title_en="First", valid_from="2010-04-01")
    older = factories.structure("older", title="第二の体制", valid_from="2015-04-01")
    newest = factories.structure("newest", title="第三の体制", valid_from="2020-04-01")
    factories.place(oldest, "a", name="推進本部", name_en="Office", short_name="本")
    factories.place(older, "a", name="推進本部", short_name="本")
    factories.place(newest, "first", name="先頭の本部")
    factories.place(newest, "a", name="戦略本部", name_en="Headquarters", short_name="本")
    factories.place(older, "gone", name="廃止本部")

    assert [line.split()[1] for line in found(client, "本部")] == ["/bodies/first/", "/bodies/a/", "/bodies/gone/"]
    assert found(client, "推進本部") == ["body /bodies/a/ 戦略本部 以前の名称：推進本部 （第二の体制）"]
    assert found(client, "推進本部", "/en") == ["body /en/bodies/a/ Headquarters Former name: 推進本部 （第二の体制）"]
    assert found(client, "廃止") == ["body /bodies/gone/ 廃止 本部"]


@pytest.mark.django_db
def test_what_only_an_earlier_edition_says_leads_there(client: Client) -> None:
    old = factories.structure("old", title="旧体制", title_en="Old", valid_from="2015-04-01")
    new = factories.structure("new", title="新体制", valid_from="2020-04-01")
    for structure, roles in ((old, ["同じ役割", "やめた役割"]), (new, ["同じ役割", "加わった役割"])):
        placement = factories.place(structure, "a", name="本部", name_en="Headquarters")
        for number, role in enumerate(roles):
            fields: dict[str, Any] = {"placement": placement, "code": f"c{number}", "source": factories.source()}
            Mandate.objects.create(text=role, text_en="", **fields)
        Seat.objects.create(holder="大臣", **fields)

    assert found(client, "同じ役割") == ["mandate /bodies/a/#mandate-c0 同じ役割 本部"]
    assert found(client, "加わった") == ["mandate /bodies/a/#mandate-c1 加わった 役割 本部"]
    assert found(client, "やめた") == ["mandate /structure/old/#body-a やめた 役割 本部（旧体制）"]
    assert found(client, "やめた", "/en") == ["mandate /en/structure/old/#body-a やめた 役割 Headquarters (Old)"]
    assert page(client, "/structure/old/").find(id="body-a") is not None
    assert found(client, "大臣") == ["seat /bodies/a/#seat-c1 大臣 本部"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "hiding",
    [
        {"status": Status.DRAFT},
        {"status": Status.DRAFT, "valid_from": None},
        {"status": Status.WITHDRAWN, "valid_from": "2021-01-01"},
        {"valid_from": TOMORROW},
    ],
)
def test_drafts_withdrawn_and_scheduled_are_never_found(client: Client, hiding: dict[str, Any]) -> None:
    shown = factories.structure("shown", title="公開の体制")
    known = factories.place(shown, "known", name="公開の機関")
    partner = factories.place(shown, "partner", name="公開の相手")
    fill(known, "公開", partner)
    structure = factories.structure("secret", title="極秘の体制", title_en="Secret", **hiding)
    again = factories.place(structure, "known", name="極秘の改称", name_en="Secretly", short_name="極秘", remark="極秘")
    new = factories.place(structure, "secret-body", name="極秘の機関")
    known.body.successors.add(new.body)
    fill(again, "極秘", new)
    fill(new, "極秘", again)
    factories.source("secret-unused", title="極秘の資料")

    for prefix in ("", "/en"):
        assert len(found(client, "公開", prefix)) == 6
        assert found(client, "公開の役割", prefix)[0].split()[1] == f"{prefix}/bodies/known/#mandate-m"
        for query in ("極秘", "secret", "極", "極秘の改称", "secret-body"):
            nothing = ask(client, query, prefix)
            assert not nothing.select(".hits")
            assert "極秘の" not in str(nothing).replace(query, "")
            assert "ecret" not in str(nothing).replace(quote(query), "").replace(query, "")
        # Nor as a near name, nor in what surrounds a hit.
        for query in ("極秘の機関x", "Secretlyx", "公開"):
            other = str(ask(client, query, prefix)).replace(quote(query), "").replace(query, "")
            assert "極秘" not in other
            assert "ecret" not in other.replace("Secretariat", "")

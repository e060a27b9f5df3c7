"""Home, sources, the pages that every public site carries, languages, errors, and what every page must keep to."""

from __future__ import annotations

import re
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils.translation import override

from bodies.models import Mandate, Placement
from portal import revision, views
from portal.context_processors import in_language
from portal.models import Source
from portal.templatetags.facts import spoken
from portal.urls import urlpatterns as portal_urls
from portal.views import PAGES
from tests import factories
from tests.conftest import UndefinedVariable
from tests.pages import page, text

ADDRESSES = [
    "/",
    "/structure/",
    "/structure/third-period/",
    "/structure/?q=%E5%86%85%E9%96%A3",
    "/bodies/hq/",
    "/bodies/amed/",
    "/bodies/group_shokan/",
    "/bodies/kyogikai01/",
    "/bodies/mhlw/",
    "/plans/",
    "/plans/third-period/",
    "/plans/third-period-strategy/",
    "/plans/policy-targets-2024/",
    "/plans/second-period/",
    "/plans/third-period/sections/1.3.4/",
    "/plans/third-period/sections/pipeline/",
    "/plans/third-period/sections/targets.observed/",
    "/plans/third-period-strategy/sections/annex.drugs/",
    "/plans/third-period/targets/",
    "/plans/third-period/targets/?category=targets.output",
    "/plans/third-period-strategy/targets/",
    "/plans/policy-targets-2024/targets/",
    "/plans/second-period/targets/",
    "/plans/third-period/targets/slide-04/",
    "/plans/third-period/targets/plan-g2/",
    "/plans/third-period-strategy/targets/str-11/",
    "/plans/policy-targets-2024/targets/koso-10/",
    "/indicators/out-licensing/",
    "/projects/",
    "/projects/pj1/",
    "/projects/pj5/",
    "/projects/p2-pj6/",
    "/programmes/",
    "/alignment/",
    "/data/",
    "/search/",
    "/search/?q=%E6%8E%A8%E9%80%B2%E4%BC%9A%E8%AD%B0",
    "/search/?q=council",
    "/search/?q=%E6%88%A6%E7%95%A5&kind=body",
    "/search/?q=zzzz",
    "/search/?q=%E3%83%BB",
    "/sources/",
    "/sources/third-period-slides/",
    "/sources/plan-3-draft/",
    "/sources/third-period-slides/?kind=mandate",
    "/sources/act-2014-48/",
    "/sitemap/",
    *(f"/{name}/" for name in PAGES),
]
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龥]")


def explode(request: Any) -> HttpResponse:
    raise RuntimeError("on purpose")


def busy(request: Any) -> HttpResponse:
    raise revision.Busy


# This module serves as a URLconf for the tests of faults.
urlpatterns = [*portal_urls, path("explode/", explode), path("en/explode/", explode), path("en/busy/", busy)]
handler500 = "portal.views.server_error"


@pytest.mark.django_db
@pytest.mark.no_cover
def test_every_page_keeps_to_the_rules_for_pages(client: Client, third_period: None) -> None:
    for address in ADDRESSES:
        for prefix, language in (("", "ja"), ("/en", "en")):
            here = prefix + address
            response = client.get(here)
            assert response.status_code == 200, here
            soup = BeautifulSoup(response.content, "html.parser")
            assert soup.select_one(f"html[lang={language}]") is not None
            assert len(soup.select("h1")) == 1, here
            ids = [tag["id"] for tag in soup.select("[id]")]
            assert sorted(ids) == sorted(set(ids)), (here, "an id stands twice")
            assert not soup.select("script, style, [style], [onclick], iframe, img[src^=http]"), here
            for asset in soup.select("link[rel=stylesheet], link[rel=icon], img"):
                assert str(asset.get("href") or asset.get("src")).startswith("/static/"), here
            levels = [int(tag.name[1]) for tag in soup.select("h1, h2, h3, h4, h5, h6")]
            assert all(below - above <= 1 for above, below in pairwise(levels)), (here, levels)
            dates = soup.select_one(".dates")
            assert dates is not None, here
            day, updated = (
                (r"時点：\d{4}年\d{1,2}月\d{1,2}日", r"更新日：\d{4}年")
                if language == "ja"
                else (r"As of \d+ \w+ \d{4}", r"Updated: \d+ \w+ \d{4}")
            )
            assert re.search(day, dates.text), here
            assert re.search(updated, dates.text), here
            other = "/en" + address if language == "ja" else address
            assert unquote(other) in [unquote(str(link["href"])) for link in soup.select(".languages a")], here


@pytest.mark.django_db
@pytest.mark.no_cover
def test_english_pages_hold_no_japanese_that_is_not_marked(client: Client, third_period: None) -> None:
    for address in ADDRESSES:
        soup = page(client, "/en" + address)
        for marked in [*soup.select("[lang=ja]"), *soup.select("input")]:
            marked.decompose()
        body = soup.find("html")
        assert body is not None
        for query in soup.select("[role=status]"):  # repeats what was asked for
            query.decompose()

        left = [line.strip() for line in body.get_text("\n").splitlines() if JAPANESE.search(line)]

        assert left == [], address
        assert not [tag for tag in soup.select("[aria-label]") if JAPANESE.search(str(tag["aria-label"]))], address


@pytest.mark.django_db
@pytest.mark.no_cover
def test_japanese_pages_hold_no_english_sentence(client: Client, third_period: None) -> None:
    # The two English names of the headquarters are quoted in its notes, and the one is the title of a page.
    names = (
        "Headquarters for Healthcare Policy",
        "Headquarters for Healthcare and Medical Strategy Promotion",
        "Science Japan",  # a site that has only this name
        "Objectives and Projects",  # the title of a page
    )
    for address in ADDRESSES:
        soup = page(client, address)
        for marked in soup.select("[lang=en], a[rel=external]"):
            marked.decompose()

        words = re.findall(r"[A-Za-z]{3,}(?: [A-Za-z]{2,})+", soup.get_text(" "))

        assert [each for each in words if not any(each in name for name in names)] == [], address


@pytest.mark.django_db
@pytest.mark.no_cover
def test_every_internal_link_leads_somewhere(client: Client, third_period: None) -> None:
    seen, todo = set(), ["/", "/en/"]
    while todo:
        address = todo.pop()
        if address in seen:
            continue
        seen.add(address)
        response = client.get(address)
        assert response.status_code in (200, 301, 302), address
        if "html" not in response.headers["Content-Type"]:
            continue
        soup = BeautifulSoup(response.content, "html.parser")
        for link in soup.select("a[href]"):
            target, _, fragment = str(link["href"]).removeprefix("http://testserver").partition("#")
            if fragment and not target:
                assert soup.find(id=fragment) is not None, (address, fragment)
            if target.startswith("/"):
                todo.append(target)

    assert len(seen) > 80


@pytest.mark.django_db
def test_links_to_parts_of_other_pages_find_them(client: Client, third_period: None) -> None:
    for link in page(client, "/sources/third-period-slides/").select("#main .facts a[href*='#']"):
        target, _, fragment = str(link["href"]).partition("#")
        assert page(client, target).find(id=fragment) is not None, link["href"]


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("/", "en", "/en/"),
        ("/en/", "ja", "/"),
        ("/en/bodies/hq/?q=a", "ja", "/bodies/hq/?q=a"),
        ("/bodies/hq/", "en", "/en/bodies/hq/"),
        ("/en/sources/", "en", "/en/sources/"),
        ("/english/", "en", "/en/english/"),
    ],
)
def test_language_switch_stays_on_the_page(path: str, language: str, expected: str) -> None:
    assert in_language(path, language) == expected


@pytest.mark.django_db
def test_the_readers_browser_does_not_choose_the_language(client: Client) -> None:
    response = client.get("/", headers={"accept-language": "en"})

    assert b'<html lang="ja">' in response.content
    assert not response.cookies


@pytest.mark.django_db
def test_pages_carry_a_strict_policy(client: Client) -> None:
    headers = client.get("/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "script-src" not in policy  # so default-src forbids every script
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_operator_and_contact_come_from_the_settings(client: Client, settings: Any) -> None:
    assert "このサイトはデモンストレーション用です" in page(client, "/about/").get_text()

    settings.SITE_OPERATOR, settings.SITE_OPERATOR_EN = "内閣府の事務局", "The Secretariat"
    settings.SITE_CONTACT = "contact@example.go.jp"

    assert "運営：内閣府の事務局" in page(client, "/about/").get_text()
    assert "Operator: The Secretariat" in page(client, "/en/about/").get_text()
    assert page(client, "/accessibility/").select_one("a[href='mailto:contact@example.go.jp']") is not None
    settings.SITE_CONTACT = "https://example.go.jp/form"
    assert page(client, "/en/accessibility/").select_one("a[href='https://example.go.jp/form']") is not None


@pytest.mark.django_db
def test_unknown_addresses_get_a_helpful_page_in_both_languages(client: Client) -> None:
    assert "このアドレスのページはありません" in text(page(client, "/no/such/page/", 404))
    assert "Thereisnopageatthisaddress" in text(page(client, "/en/no/such/page/", 404))
    assert "「x」という出典はありません" in text(page(client, "/sources/x/", 404))
    factories.place(factories.structure(), "a")
    assert "「x」という種類はありません" in text(page(client, "/sources/slides/?kind=x", 404))


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_a_fault_gets_a_page_in_the_language_of_the_address(client: Client) -> None:
    client.raise_request_exception = False

    assert "サーバーで問題が起きました" in text(page(client, "/explode/", 500))
    assert "Somethingwentwrongontheserver" in text(page(client, "/en/explode/", 500))
    response = client.get("/en/busy/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert b"Another update is in progress" in response.content


def test_a_fault_page_needs_no_database(rf: RequestFactory) -> None:
    response = views.server_error(rf.get("/"))

    assert response.status_code == 500
    assert "サーバーで問題が起きました" in response.content.decode()


@pytest.mark.django_db
def test_a_forged_host_is_refused_in_the_readers_language(client: Client) -> None:
    response = client.get("/en/", headers={"host": "evil.example"})

    assert response.status_code == 400
    assert b"This request cannot be accepted" in response.content


@pytest.mark.django_db
def test_only_reading_is_allowed(client: Client, third_period: None) -> None:
    for address in ADDRESSES:
        assert client.post(address).status_code == 405, address
        assert client.head(address).status_code == 200, address


@pytest.mark.django_db
def test_healthz_and_readyz(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").content) == (200, b"ok\n")
    assert (client.get("/readyz").status_code, client.get("/readyz").content) == (200, b"ok\n")

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM portal_revision")
    assert client.get("/readyz").content == b"the revision is missing\n"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'bodies'")
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"migrations are due\n")


@pytest.mark.django_db(transaction=True)
def test_readyz_says_when_the_database_is_away(client: Client, tmp_path: Path) -> None:
    """In a thread with a connection of its own, to a database that is not there."""
    found: list[Any] = []

    def ask() -> None:
        away = connections["default"]
        name = tmp_path / "no" / "such" / "file" if away.vendor == "sqlite" else "no_such_database"
        away.settings_dict = {**away.settings_dict, "NAME": name, "OPTIONS": {}}
        found.append(client.get("/readyz"))
        found.append(client.get("/healthz"))
        away.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(30)

    ready, healthy = found
    assert (ready.status_code, ready.content) == (503, b"the database does not answer\n")
    assert healthy.status_code == 200


@pytest.mark.django_db
def test_source_page_lists_what_is_cited_by_kind_with_pages(client: Client) -> None:
    placement = factories.place(factories.structure(), "a")
    source = factories.source("law", is_draft=True)
    Mandate.objects.bulk_create(
        Mandate(placement=placement, code=f"m{n:03}", sort_order=n, text=f"役割その{n}。", source=source)
        for n in range(120)
    )
    Placement.objects.update(basis="根拠法", basis_source=source)

    whole = page(client, "/sources/law/")
    assert "役割120件" in text(whole)
    assert "位置づけ1件" in text(whole), "a basis is read from a source too"
    assert "案（決定前の版を参照）、原典未確認" in text(whole)
    assert "機関a：根拠：根拠法" in text(whole)
    assert len(whole.select("#kind-mandate ~ .facts > li")) == 50
    last = page(client, "/sources/law/?kind=mandate&page=3")
    assert [item.get_text().split("：")[1].split("。")[0] for item in last.select("#main .facts:not(.sheet) > li")] == [
        f"役割その{n}" for n in range(100, 120)
    ]
    assert page(client, "/sources/law/?kind=mandate&page=99").select("#main .facts > li")
    assert page(client, "/sources/law/?kind=mandate&page=x").select("#main .facts > li")
    factories.source("unused")
    assert client.get("/sources/unused/").status_code == 404


@pytest.mark.parametrize(
    ("mark", "japanese", "english"),
    [
        ("＊1", "注1", "note 1"),
        ("*12", "注12", "note 12"),
        ("※", "注", "Note"),
        ("◎厚", "主担当 厚", "lead ministry 厚"),
        ("⑧", "8番", "number 8"),
        ("A", "A", "A"),
        ("3", "3", "3"),
    ],
)
def test_marks_have_a_spoken_form(mark: str, japanese: str, english: str) -> None:
    assert spoken(mark) == japanese
    with override("en"):
        assert spoken(mark) == english


def test_an_undefined_variable_in_a_template_fails_the_test() -> None:
    from django.template import engines

    template = engines["django"].from_string("{{ no_such_thing }}")

    with pytest.raises(UndefinedVariable, match="no_such_thing"):
        template.render({})


@pytest.mark.django_db
def test_home_leads_everywhere_and_shows_the_structure(client: Client, third_period: None) -> None:
    home = page(client, "/")

    links = {str(link["href"]) for link in home.select("#main a")}
    assert {"/structure/third-period/", "/structure/", "/sources/", "/glossary/", "/bodies/amed/"} <= links
    assert len({link for link in links if link.startswith("/bodies/")}) == 24
    footer = {str(link["href"]) for link in home.select("footer a")}
    assert footer == {*(f"/{name}/" for name in PAGES), "/sitemap/", "/data/"}
    assert {f"/projects/pj{number}/" for number in range(1, 9)} <= links
    assert {"/plans/third-period/", "/plans/third-period/targets/slide-04/", "/alignment/"} <= links
    assert Source.objects.count() == 35
    assert settings.LANGUAGE_CODE == "ja"


HOSTILE = [
    "\0",
    "%00",
    "../../etc/passwd",
    "a" * 10_000,
    "'; DROP TABLE bodies_body; --",
    "<script>",
    "𠮷野家",
    "\ud7ff",
    "٣",
    " ",
]


@pytest.mark.django_db
@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_input_never_ends_in_a_fault(client: Client, word: str) -> None:
    factories.place(factories.structure(), "a")
    factories.target(factories.plan())
    encoded = quote(word, safe="")

    for address in (
        "/bodies/{}/",
        "/structure/{}/",
        "/sources/{}/",
        "/{}/",
        "/bodies/{}/data.jsonld",
        "/en/bodies/{}/",
        "/plans/{}/",
        "/plans/{}/targets/",
        "/plans/plan/targets/{}/",
        "/plans/plan/sections/{}/",
        "/indicators/{}/",
        "/projects/{}/",
    ):
        assert client.get(address.format(encoded)).status_code == 404, address
    pages = ("/structure/?q={}", "/?x={}", "/sources/slides/?kind=placement&page={}", "/search/?q=a&page={}")
    for address in (*pages, "/plans/plan/targets/?page={}", "/programmes/?page={}"):
        assert client.get(address.format(encoded)).status_code == 200, address
    assert client.get(f"/structure/?on={encoded}").status_code == 400
    for name in ("project", "category", "state"):
        assert client.get(f"/plans/plan/targets/?{name}={encoded}").status_code == 400
    assert client.get(f"/search/?q={encoded}").status_code == (400 if len(word) > 100 else 200)
    assert client.get(f"/sources/slides/?kind={encoded}").status_code == 404

"""The portal as of an edition that is not in force: whole, for those who may see drafts, and for nobody else."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import get_script_prefix, path, reverse, set_script_prefix
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice

from bodies.editions import withdraw
from bodies.models import Kind, Placement, Status, Structure, previewed, today
from bodies.preview import PreviewMiddleware, preview_address
from portal import search, urls
from portal.journal import recording
from portal.models import ChangeKind
from tests import factories
from tests.pages import page, text

pytestmark = pytest.mark.django_db

DAY = datetime.date(2099, 4, 1)


def viewer(name: str = "reader", *, is_staff: bool = False) -> Client:
    """Someone who may look at drafts."""
    user = User.objects.create_user(name, is_staff=is_staff)
    user.user_permissions.add(Permission.objects.get(codename="view_structure"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def draft() -> Structure:
    """For 2099, where another ministry stands and an old one has another name."""
    old = factories.structure("old", title="いまの体制", title_en="Structure in force")
    factories.place(old, "moh", name="古い省")
    new = factories.structure("new", title="次の体制", title_en="Next structure", status=Status.DRAFT, valid_from=DAY)
    ministry = factories.place(new, "moh", name="改まった省", name_en="Ministry renamed")
    factories.place(new, "panel", ministry, name="新設の会議", kind=Kind.COUNCIL)
    return new


def unkept() -> tuple[Any, ...]:
    """What is kept for readers: figures and the index of search."""
    return dict(cache._cache), dict(search._kept)  # type: ignore[attr-defined]  # of the cache in memory


def test_the_whole_portal_is_seen_as_of_the_day(draft: Structure) -> None:
    client = viewer()

    def shown(address: str) -> list[str]:
        main = text(page(client, address))
        return [name for name in ("古い省", "改まった省", "新設の会議") if name in main]

    new = ["改まった省", "新設の会議"]
    assert shown("/preview/new/") == new
    assert shown("/preview/new/structure/") == shown("/preview/new/structure/new/") == new
    assert shown("/preview/new/structure/old/") == ["古い省"]
    assert shown("/preview/new/bodies/panel/") == new
    assert shown("/preview/new/search/?q=新設") == ["新設の会議"]
    assert shown("/preview/new/search/?q=改まった") == ["改まった省"]
    marks = page(client, "/preview/new/structure/").select(".badge")
    assert "公開予定" not in [mark.get_text() for mark in marks]
    assert "2099年4月1日" in page(client, "/preview/new/").select(".dates .date")[0].get_text()
    figure = client.get("/preview/new/structure/new/chart.svg").content.decode()
    assert "公開前のプレビュー：2099年4月1日現在" in figure
    assert 'href="http://testserver/preview/new/bodies/panel/"' in figure


def test_every_link_and_form_of_a_preview_stays_in_it(draft: Structure) -> None:
    client = viewer(is_staff=True)

    for address in (
        "/",
        "/structure/",
        "/bodies/moh/",
        "/search/?q=moh",
        "/en/",
        "/en/bodies/moh/",
        "/en/search/?q=min",
    ):
        whole = page(client, f"/preview/new{address}")
        outside = [tag["href"] for tag in whole.select("body a[href^='/'], svg a[href^='/']")]
        outside = [href for href in outside if not str(href).startswith("/preview/new/")]
        home = "/en/" if address.startswith("/en/") else "/"
        assert outside == [f"{home}admin/bodies/structure/{draft.pk}/change/", home]
        assert all(str(form["action"]).startswith("/preview/new/") for form in whole.select("form"))


def test_both_languages_lead_to_each_other_within_the_preview(draft: Structure) -> None:
    client = viewer()

    def languages(address: str) -> list[Any]:
        return [tag["href"] for tag in page(client, address).select(".languages a")]

    both = ["/preview/new/bodies/moh/?a=%E7%9C%81", "/preview/new/en/bodies/moh/?a=%E7%9C%81"]
    assert [languages(address) for address in both] == [both, both]
    english = page(client, "/preview/new/en/bodies/moh/")
    assert english.html is not None
    assert (english.html["lang"], english.h1.get_text(strip=True)) == ("en", "Ministry renamed")  # type: ignore[union-attr]
    hit = page(client, "/preview/new/en/search/?q=renamed").select_one(".hits li a")
    assert hit is not None
    assert hit["href"] == "/preview/new/en/bodies/moh/"


@pytest.mark.parametrize("language", ["", "en/"])
def test_changes_lead_to_pages_of_the_preview(draft: Structure, language: str) -> None:
    place = Placement.objects.get(structure__code="old", body__code="moh")
    with recording(ChangeKind.EDIT, about="省", about_en="Ministry", address="/bodies/moh/", is_public=True):
        place.remark = "補足"
        place.save()

    found = page(viewer(), f"/preview/new/{language}changes/").select("main a[href*='/bodies/']")

    assert [link["href"] for link in found] == [f"/preview/new/{language}bodies/moh/"]


def test_languages_lead_to_each_other_in_a_preview_without_a_day_and_where_nothing_is(draft: Structure) -> None:
    Structure.objects.filter(pk=draft.pk).update(valid_from=None)
    client = viewer()

    for rest, status in (("bodies/moh/", 200), ("nowhere/", 404)):
        both = [f"/preview/new/{rest}", f"/preview/new/en/{rest}"]
        for address in both:
            links = page(client, address, status).select(".languages a")
            assert [link["href"] for link in links] == both


def test_languages_lead_to_each_other_under_a_path_of_the_server(draft: Structure) -> None:
    both = ["/site/bodies/moh/?a=b", "/site/en/bodies/moh/?a=b"]

    for address in ("/bodies/moh/?a=b", "/en/bodies/moh/?a=b"):
        whole = BeautifulSoup(Client().get(address, SCRIPT_NAME="/site").content, "html.parser")
        assert [link["href"] for link in whole.select(".languages a")] == both


def test_every_answer_of_a_preview_says_what_it_is_and_is_kept_nowhere(draft: Structure) -> None:
    client = viewer()

    for address, status in [
        ("/", 200),
        ("/bodies/moh/data.jsonld", 200),
        ("/structure/new/chart.svg", 200),
        ("/structure/?on=2098-01-01", 302),
        ("/structure/?on=yesterday", 400),
        ("/bodies/nobody/", 404),
        ("/bodies", 301),
    ]:
        response = client.get(f"/preview/new{address}")
        assert (response.status_code, response["Cache-Control"], response["X-Robots-Tag"]) == (
            status,
            "private, no-store",
            "noindex",
        )
        if status in (301, 302):
            assert response["Location"].startswith("/preview/new/")
    for address in ("/", "/bodies/nobody/"):
        whole = BeautifulSoup(client.get(f"/preview/new{address}").content, "html.parser")
        banner = whole.select_one("aside.preview p")
        assert banner is not None
        words = banner.get_text(" ", strip=True)
        assert words.startswith("下書きのプレビュー 「次の体制」が適用される2099年4月1日の表示です。")
        assert [tag["content"] for tag in whole.select("meta[name=robots]")] == ["noindex"]
        assert whole.select("link[rel=alternate][hreflang]") == []


def test_nothing_of_a_preview_is_kept_and_nothing_kept_is_shown_in_it(draft: Structure) -> None:
    cache.clear()
    search._kept.clear()
    client, reader = viewer(), Client()
    addresses = ("/", "/structure/", "/bodies/moh/", "/search/?q=moh")

    for address in addresses:
        client.get(f"/preview/new{address}")
    assert unkept() == ({}, {})
    before = [reader.get(address).content for address in addresses]
    kept = unkept()
    assert all(kept)
    for address in addresses:
        assert "改まった省" in client.get(f"/preview/new{address}").content.decode()
    assert unkept() == kept
    assert [reader.get(address).content for address in addresses] == before
    assert not any("改まった省" in content.decode() for content in before)


@pytest.mark.parametrize("who", ["nobody", "no right", "inactive"])
def test_to_everyone_else_the_address_is_unknown(draft: Structure, who: str) -> None:
    client = Client()
    if who == "no right":
        client.force_login(User.objects.create_user("other", is_staff=True))
    if who == "inactive":
        client = viewer()
        User.objects.update(is_active=False)

    def answer(code: str, rest: str) -> tuple[Any, ...]:
        response = client.get(f"/preview/{code}{rest}")
        response.headers.pop("Set-Cookie", None)
        return response.status_code, dict(response.headers), response.content.decode().replace(code, "CODE")

    for rest in ("/", "/structure/", "/en/", "", "/admin/"):
        assert answer("new", rest) == answer("nil", rest)
        assert answer("new", rest)[0] == 404
    unknown = client.get("/preview-/new/").content.decode().replace("preview-/", "preview/")
    assert client.get("/preview/new/").content.decode() == unknown


@override_settings(OTP_REQUIRED=True)
def test_where_a_second_factor_is_required_a_preview_needs_it_too(draft: Structure) -> None:
    client = viewer()
    assert client.get("/preview/new/").status_code == 404

    session = client.session
    session["otp_device_id"] = StaticDevice.objects.create(user=User.objects.get(), name="codes").persistent_id
    session.save()

    assert client.get("/preview/new/").status_code == 200


def test_what_belongs_to_no_reader_is_not_in_a_preview(draft: Structure) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))

    for rest in ("/admin/", "/en/admin/bodies/structure/", "/preview/new/"):
        assert client.get(f"/preview/new{rest}").status_code == 404
    assert client.get("/preview/nil/").status_code == 404


def test_a_draft_without_a_day_says_so_and_leads_to_its_form(draft: Structure) -> None:
    Structure.objects.filter(pk=draft.pk).update(valid_from=None)
    staff, reader = viewer("staff", is_staff=True), viewer()

    for client, prefix in ((staff, ""), (staff, "/en"), (reader, "")):
        response = client.get(f"/preview/new{prefix}/bodies/moh/")
        whole = BeautifulSoup(response.content, "html.parser")
        links = [tag["href"] for tag in whole.select("main > p:not(.dates) a")]
        assert links == ([f"{prefix}/admin/bodies/structure/{draft.pk}/change/"] if client is staff else [])
        assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("private, no-store", "noindex")
        assert "改まった省" not in whole.get_text()
    main = text(page(reader, "/preview/new/"))
    assert "「次の体制」には、適用日がまだありません。" in main


def test_scheduled_and_withdrawn_editions_have_a_preview_and_what_is_in_force_needs_none(draft: Structure) -> None:
    client = viewer()
    banners = []
    Structure.objects.filter(pk=draft.pk).update(status=Status.PUBLISHED)
    banners.append(page(client, "/preview/new/structure/").select_one("#preview-title"))
    withdraw(draft)
    banners.append(page(client, "/preview/new/structure/").select_one("#preview-title"))

    assert [banner and banner.get_text() for banner in banners] == [
        "公開予定の体制のプレビュー",
        "取り下げた体制のプレビュー",
    ]
    response = client.get("/preview/old/en/bodies/moh/?a=1")
    assert (response.status_code, response["Location"]) == (302, "/en/bodies/moh/?a=1")
    assert client.get("/preview/old//elsewhere.example/")["Location"] == "/elsewhere.example/"


def test_a_draft_stands_in_for_what_is_published_for_the_same_day(draft: Structure) -> None:
    rival = factories.structure("rival", title="別の体制", valid_from=DAY)
    factories.place(rival, "moh", name="別の省")
    between = factories.structure("between", title="間の体制", valid_from=datetime.date(2090, 4, 1))
    factories.place(between, "moh", name="間の省")
    client = viewer()

    editions = page(client, "/preview/new/structure/").select("main a[href^='/preview/new/structure/']")

    assert "改まった省" in text(page(client, "/preview/new/bodies/moh/"))
    assert {"次の体制", "間の体制", "いまの体制"} <= {edition.get_text() for edition in editions}
    assert "別の体制" not in {edition.get_text() for edition in editions}
    assert client.get("/preview/new/structure/rival/").status_code == 404


def test_the_address_of_a_preview_is_that_of_the_page_with_a_beginning(draft: Structure) -> None:
    assert preview_address(draft, "/en/bodies/moh/") == "/preview/new/en/bodies/moh/"
    set_script_prefix("/site/")
    try:
        assert preview_address(draft, draft.get_absolute_url()) == "/site/preview/new/structure/new/"
        response = viewer().get("/preview/new/", SCRIPT_NAME="/site")
        assert 'href="/site/preview/new/structure/"' in response.content.decode()
    finally:
        set_script_prefix("/")


def state() -> tuple[str, Any, datetime.date]:
    return get_script_prefix(), previewed.get(), today()


# Views that fail, and one whose body is made after the answer has begun.


def failing(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def refusing(request: HttpRequest) -> HttpResponse:
    raise BadRequest


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def pieces() -> Iterator[str]:
        for code in ("moh", "panel"):
            found = Structure.objects.in_force()
            yield f"{found and found.code} {reverse('body', args=[code])} {today()}\n"
        if "fail" in request.GET:
            raise ZeroDivisionError

    return StreamingHttpResponse(pieces())


urlpatterns = [
    path("failing/", failing),
    path("refusing/", refusing),
    path("streamed/", streamed),
    *urls.urlpatterns,
]
handler400, handler404, handler500 = urls.handler400, urls.handler404, urls.handler500


@pytest.fixture
def _more_pages() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.usefixtures("_more_pages")
def test_nothing_remains_of_a_preview_that_fails(draft: Structure) -> None:
    outside = state()
    client = viewer()
    client.raise_request_exception = False

    for rest, status in (("/failing/", 500), ("/refusing/", 400), ("/none/", 404)):
        response = client.get(f"/preview/new{rest}")
        assert (response.status_code, response["Cache-Control"]) == (status, "private, no-store")
        assert 'href="/preview/new/"' in response.content.decode()
        assert state() == outside
    assert "古い省" in Client().get("/bodies/moh/").content.decode()


def test_nothing_remains_of_a_preview_past_which_an_exception_went(draft: Structure) -> None:
    def fails(request: HttpRequest) -> HttpResponse:
        assert state() == ("/preview/new/", draft, DAY)
        raise KeyError

    outside = state()
    request = RequestFactory().get("/preview/new/")
    request.user = User.objects.create_superuser("root")

    with pytest.raises(KeyError):
        PreviewMiddleware(fails)(request)

    assert state() == outside


@pytest.mark.usefixtures("_more_pages")
def test_a_streamed_page_is_previewed_to_its_end_and_readers_between_its_pieces_see_nothing(draft: Structure) -> None:
    outside = state()
    client = viewer()

    pieces = iter(client.get("/preview/new/streamed/").streaming_content)  # type: ignore[attr-defined]

    for code in ("moh", "panel"):
        assert next(pieces).decode() == f"new /preview/new/bodies/{code}/ 2099-04-01\n"
        assert state() == outside
        assert "古い省" in Client().get("/bodies/moh/").content.decode()
    with pytest.raises(StopIteration):
        next(pieces)
    broken = iter(client.get("/preview/new/streamed/?fail").streaming_content)  # type: ignore[attr-defined]
    with pytest.raises(ZeroDivisionError):
        list(broken)
    assert state() == outside


class Pausing:
    """Holds up the first query of a thread that reads structures, until told to go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if previewed.get() is not None and not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(30)
        return result


@pytest.mark.django_db(transaction=True)
def test_a_reader_at_the_same_time_sees_nothing_of_a_preview(draft: Structure) -> None:
    addresses = ("/", "/structure/", "/structure/new/", "/bodies/moh/", "/bodies/panel/", "/search/?q=moh", "/en/")
    reader, client = Client(), viewer()

    def answers() -> list[tuple[int, bytes]]:
        return [(found.status_code, found.content) for found in (reader.get(address) for address in addresses)]

    before, seen = answers(), []
    for address in ("/", "/structure/", "/bodies/moh/", "/search/?q=moh"):
        pausing = Pausing()

        def look(address: str = address, pausing: Pausing = pausing) -> None:
            try:
                with connection.execute_wrapper(pausing):
                    seen.append(client.get(f"/preview/new{address}").content.decode())
            finally:
                pausing.reached.set()
                connections.close_all()

        previewer = threading.Thread(target=look)
        previewer.start()
        assert pausing.reached.wait(30)
        assert answers() == before  # while the other stands in the midst of it
        pausing.go_on.set()
        previewer.join(30)
    assert len(seen) == 4
    assert all("改まった省" in content for content in seen)
    assert answers() == before


@pytest.mark.django_db(transaction=True)
@pytest.mark.no_cover
def test_readers_and_previews_in_many_threads_keep_apart(draft: Structure) -> None:
    clients = [viewer(f"reader{number}") for number in range(4)]
    start, wrong = threading.Barrier(8), []

    def look(client: Client, prefix: str) -> None:
        try:
            start.wait(30)
            for address in ("/bodies/moh/", "/structure/", "/search/?q=moh", "/bodies/moh/data.jsonld") * 2:
                content = client.get(f"{prefix}{address}").content.decode()
                if ("改まった省" in content) is not bool(prefix):
                    wrong.append(f"{prefix}{address}")
        except BaseException as fault:
            wrong.append(repr(fault))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=look, args=(each, "/preview/new")) for each in clients]
    threads += [threading.Thread(target=look, args=(Client(), "")) for _each in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert wrong == []
    assert timezone.localdate() == today()

"""The next reorganisation as an editor prepares it: cloned, changed, previewed, published; then its day comes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from bodies.editions import clone
from bodies.models import Placement, Status, Structure
from portal.models import Change

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long word for tests"


@pytest.fixture
def window(browser: Browser, here: str) -> Iterator[Page]:
    """A page that fails the test on any message of the console and any error."""
    context = browser.new_context(base_url=here, viewport={"width": 1440, "height": 900}, locale="ja-JP")
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(here) else wrong.append(request.url))
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def publisher(third_period: None) -> User:
    user = User.objects.create_user("hanako", password=PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="bodies"))
    return user


def serious(window: Page) -> list[str]:
    """What axe finds, in a window of its own: the policy makes it complain on the console."""
    page = window.context.new_page()
    page.goto(window.url)
    found = Axe().run(page).response["violations"]
    page.close()
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def test_an_edition_is_cloned_changed_previewed_published_and_comes_into_force(
    window: Page, browser: Browser, here: str, publisher: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = browser.new_page(base_url=here)
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    window.goto("/admin/")
    window.locator("#id_username").fill("hanako")
    window.locator("#id_password").fill(PASSWORD)
    window.locator("[type=submit]").click()

    window.goto("/admin/bodies/structure/")
    window.get_by_role("row", name="適用中").get_by_role("link", name="複製する").click()
    assert serious(window) == []
    window.locator("#id_code").fill("next-period")
    window.locator("#id_title").fill("次の期の推進体制")
    window.locator("#id_valid_from").fill(str(tomorrow))
    window.get_by_role("button", name="複製する").click()
    expect(window.locator(".job-hint")).to_contain_text("下書きです")
    assert serious(window) == []

    draft = Structure.objects.get(code="next-period")
    amed = Placement.objects.get(structure=draft, body__code="amed")
    window.goto(f"/admin/bodies/placement/{amed.pk}/change/")
    window.locator("#id_name").fill("日本医療研究開発庁")
    window.locator("#id_name_breaks").fill("")
    window.locator("#id_name_breaks_en").fill("")
    window.locator("[name=_save]").click()

    window.goto(f"/admin/bodies/structure/{draft.pk}/change/")
    window.get_by_role("link", name="プレビュー", exact=True).click()
    expect(window.locator(".preview")).to_contain_text("「次の期の推進体制」が適用される")
    expect(window).to_have_url(re.compile("/preview/next-period/structure/next-period/$"))
    assert serious(window) == []
    window.locator("#body-amed .name a").first.click()
    expect(window).to_have_url(re.compile("/preview/next-period/bodies/amed/$"))
    expect(window.get_by_role("heading", level=1)).to_contain_text("日本医療研究開発庁")
    window.get_by_role("link", name="English", exact=True).click()
    expect(window).to_have_url(re.compile("/preview/next-period/en/bodies/amed/$"))
    window.emulate_media(media="print")
    expect(window.locator("#preview-title")).to_be_visible()
    window.emulate_media(media="screen")
    reader.goto("/bodies/amed/")
    expect(reader.get_by_role("heading", level=1)).to_contain_text("国立研究開発法人日本医療研究開発機構")
    expect(reader.locator(".preview")).to_have_count(0)

    window.goto(f"/admin/bodies/structure/{draft.pk}/change/")
    window.get_by_role("link", name="公開する").click()
    expect(window.locator(".job")).to_contain_text("（third-period）は過去の体制になります。")
    assert serious(window) == []
    window.locator("#id_change_reason").fill("改組のため")
    window.get_by_role("button", name="公開する").click()
    expect(window.locator(".messagelist")).to_contain_text("「次の期の推進体制」を公開しました。")
    expect(window.locator(".job-hint")).to_contain_text("公開予定です")
    reader.goto("/structure/")
    expect(reader.get_by_role("heading", level=1)).to_contain_text("第３期における健康・医療戦略の推進体制")
    change = Change.objects.public().first()
    assert change is not None
    assert (change.kind, change.user_name, change.reason, change.about) == (
        "publish",
        "hanako",
        "改組のため",
        "次の期の推進体制",
    )

    at_midnight = datetime.datetime.combine(tomorrow, datetime.time(), timezone.get_default_timezone())
    monkeypatch.setattr(timezone, "now", lambda: at_midnight)
    reader.reload()
    expect(reader.get_by_role("heading", level=1)).to_contain_text("次の期の推進体制")
    expect(reader.locator(".chart-full svg")).to_contain_text("日本医療研究開発庁")
    reader.goto("/bodies/amed/")
    expect(reader.get_by_role("heading", level=1)).to_contain_text("日本医療研究開発庁")
    reader.goto("/search/?q=日本医療研究開発庁")
    expect(reader.locator(".hits a").first).to_have_text("日本医療研究開発庁")
    reader.close()


def test_a_data_steward_edits_a_draft_but_fails_to_publish_it(browser: Browser, here: str, third_period: None) -> None:
    steward = User.objects.create_user("taro", password=PASSWORD, is_staff=True)
    steward.groups.add(Group.objects.get(name="Data stewards"))
    draft = clone(Structure.objects.get(code="third-period"), "next", "次の体制", timezone.localdate())
    window = browser.new_page(base_url=here)
    window.goto("/admin/")
    window.locator("#id_username").fill("taro")
    window.locator("#id_password").fill(PASSWORD)
    window.locator("[type=submit]").click()

    window.goto(f"/admin/bodies/structure/{draft.pk}/change/")
    expect(window.get_by_role("link", name="プレビュー", exact=True)).to_be_visible()
    expect(window.get_by_role("link", name="公開する")).to_have_count(0)
    address = f"/admin/bodies/structure/{draft.pk}/publish/"
    refused = window.goto(address)
    assert refused is not None
    assert refused.status == 403
    token = next(each["value"] for each in window.context.cookies() if each["name"] == "csrftoken")
    sent = window.request.post(
        address,
        form={"csrfmiddlewaretoken": token, "valid_from": str(timezone.localdate()), "change_reason": "試し"},
        headers={"Referer": f"{here}{address}"},
    )

    draft.refresh_from_db()
    assert (sent.status, draft.status) == (403, Status.DRAFT)
    window.close()

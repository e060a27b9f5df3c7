"""The editor's guide: every picture in it is of a screen as it is, taken while the job that it explains is done.

`make guide` writes the pictures that are shipped; otherwise they are only taken and compared by name.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import Page

from bodies.models import Mandate, Placement, Structure
from portal.models import Change, ChangeKind
from tests.browser import test_editions, test_history
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

window, editor = test_editions.window, test_history.editor
SHIPPED = ROOT / "portal" / "static" / "portal" / "guide"
VIEW = {"width": 1280, "height": 720}

Shot = Callable[..., None]


@pytest.fixture
def taken(editor: Page, tmp_path: Path) -> Shot:
    folder = SHIPPED if os.environ.get("GUIDE") else tmp_path
    folder.mkdir(exist_ok=True)
    editor.set_viewport_size(VIEW)  # type: ignore[arg-type]  # a typed dictionary

    def take(name: str, of: str = "") -> None:
        """The window, scrolled to what the picture is of; else to the top."""
        editor.evaluate("window.scrollTo(0, 0)")
        if of:
            editor.locator(of).scroll_into_view_if_needed()
        editor.screenshot(path=folder / f"{name}.png")

    return take


def test_guide_shows_the_jobs_as_they_are_done(editor: Page, taken: Shot) -> None:
    in_force = Structure.objects.get(code="third-period")
    day = timezone.localdate() + datetime.timedelta(days=30)

    editor.goto("/admin/")
    taken("start")

    editor.goto(f"/admin/bodies/structure/{in_force.pk}/clone/")
    editor.locator("#id_code").fill("next-period")
    editor.locator("#id_title").fill("次の期の推進体制")
    editor.locator("#id_valid_from").fill(str(day))
    taken("clone")
    editor.get_by_role("button", name="複製する").click()
    draft = Structure.objects.get(code="next-period")
    panel = Placement.objects.get(structure=draft, body__code="hq")

    editor.goto(f"/admin/bodies/placement/{panel.pk}/change/")
    taken("body")
    mandate = Mandate.objects.filter(placement=panel).first()
    assert mandate is not None
    Mandate.objects.filter(pk=mandate.pk).update(text=f"{mandate.text}（改）")
    editor.locator("textarea[name=mandates-0-text]").fill(f"{mandate.text}（案）")
    editor.locator("[name=_save]").first.click()
    taken("collision", ".collisions")
    editor.locator("[name=_save]").first.click()

    editor.goto(f"/admin/bodies/placement/tree/{draft.pk}/")
    moved = Placement.objects.filter(structure=draft, body__code="iryouhin").first() or panel.get_children().last()
    editor.locator(f"#row-{moved.pk} input[type=radio]").check()
    taken("tree", f"#row-{moved.pk}")
    editor.get_by_role("button", name=re.compile("上へ")).click()
    editor.wait_for_load_state()

    editor.goto("/preview/next-period/structure/")
    taken("preview")
    editor.goto("/preview/next-period/structure/compare/third-period/next-period/")
    taken("compare")

    editor.goto(f"/admin/bodies/structure/{draft.pk}/publish/")
    editor.locator("#id_change_reason").fill("次の期の計画の決定に伴う見直し")
    taken("publish")

    change = Change.objects.filter(kind__in=[ChangeKind.MOVE, ChangeKind.EDIT]).first()
    assert change is not None
    editor.goto(f"/admin/portal/change/{change.pk}/revert/")
    taken("revert")

    User.objects.get().groups.add(Group.objects.get(name="Data stewards"))
    rows = "code,name,definition\nout-licensing,企業導出件数（累計）,\nnew-indicator,共同研究の件数,"
    file = {"name": "indicators.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    editor.goto("/admin/portal/batch/add/")
    editor.locator("#id_file").set_input_files(file)  # type: ignore[arg-type]  # a typed dictionary
    editor.get_by_role("button", name="計画を見る").click()
    taken("import")


def test_guide_names_the_pictures_that_are_shipped(editor: Page) -> None:
    shipped = {path.stem for path in SHIPPED.glob("*.png")}

    for prefix in ("", "/en"):
        editor.goto(f"{prefix}/admin/")
        editor.get_by_role("link", name="Guide" if prefix else "手引き", exact=True).click()
        editor.wait_for_url(f"**{prefix}/admin/guide/")
        pictures = editor.locator(".guide-picture img")
        named = {str(pictures.nth(each).get_attribute("src")) for each in range(pictures.count())}
        assert {re.sub(r"^.*/([a-z]+)[^/]*\.png$", r"\1", name) for name in named} == shipped
        assert all(editor.request.get(name).ok for name in named)

"""The whole portal as it will look on the first day of an edition that is not yet in force.

Every public page has a second address, `/preview/<structure code>/…` (English: `/preview/<code>/en/…`), for those who
may see drafts. The middleware takes the beginning off and puts it before every address that is made meanwhile; under
`bodies.models.previewed` the day is the edition's first one and the edition counts as published. Both belong to the
thread (or task) of the request alone. To everyone else the address is unknown, whether there is such an edition or not.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils.translation import get_language_from_path, override
from django.utils.translation import gettext_lazy as _

from bodies.models import Standing, Structure, previewed

ADDRESS = re.compile(r"/preview/(?P<code>[\w-]{1,80})(?P<path>/.*)", re.DOTALL)
WORDS = {
    Standing.DRAFT: _("下書きのプレビュー"),
    Standing.SCHEDULED: _("公開予定の体制のプレビュー"),
    Standing.WITHDRAWN: _("取り下げた体制のプレビュー"),
}


def preview_address(structure: Structure, path: str) -> str:
    """Where the page at a public address (`/bodies/hq/`, `/en/bodies/hq/`) is previewed as of that edition."""
    root = get_script_prefix()
    return f"{root}preview/{structure.code}/{path.removeprefix(root)}"


@dataclass(frozen=True)
class Preview:
    """What a previewed page says of itself; it is the request's attribute `preview`."""

    structure: Structure
    words: str
    root: str  # where its addresses begin
    leave: str
    edit: str  # empty for those who do not work in the admin

    @property
    def day(self) -> datetime.date | None:
        """None: nobody has said yet from when the edition is to apply, so there is nothing to show."""
        return self.structure.valid_from


class PreviewMiddleware:
    """Stands after those that say who asks and before the one that reads the language from the address."""

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        asked = ADDRESS.fullmatch(request.path_info)
        if asked is None or not may_preview(request):
            return self.get_response(request)
        structure = Structure.objects.select_related("source").filter(code=asked["code"]).first()
        if structure is None:
            return self.get_response(request)
        root = get_script_prefix()
        if structure.standing not in WORDS:  # in force since, or past: readers have the page itself
            page = request.get_full_path().removeprefix(preview_address(structure, root))
            return _private(HttpResponseRedirect(f"{root}{page.lstrip('/')}"))  # two slashes would lead elsewhere
        request.path_info = asked["path"]
        preview = _preview(request, structure)
        request.preview = preview  # type: ignore[attr-defined]  # ours
        with _within(preview):
            response = self.get_response(request)
        if response.streaming:
            response.streaming_content = _pieces(response.streaming_content, preview)
        return _private(response)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        preview: Preview | None = getattr(request, "preview", None)
        if preview is None:
            return None
        if request.resolver_match is not None and request.resolver_match.app_name == "admin":
            raise Http404
        if preview.day is None:
            return render(request, "bodies/preview_undated.html")
        return None


def may_preview(request: HttpRequest) -> bool:
    """Whoever may look at drafts in the admin; where a second factor is required, with it."""
    user: Any = request.user
    is_verified = not settings.OTP_REQUIRED or user.is_verified()
    return bool(user.is_active and is_verified and user.has_perm("bodies.view_structure"))


def _preview(request: HttpRequest, structure: Structure) -> Preview:
    outside = get_script_prefix()
    root = preview_address(structure, outside)
    with override(get_language_from_path(request.path_info) or settings.LANGUAGE_CODE):
        edit = reverse("admin:bodies_structure_change", args=[structure.pk])
        return Preview(
            structure,
            str(WORDS[structure.standing]),
            root,
            reverse("home"),
            edit if request.user.is_staff else "",
        )


@contextmanager
def _within(preview: Preview) -> Iterator[None]:
    """In it the edition is in force and every address leads to its preview; without a day neither."""
    outside = get_script_prefix()
    token = previewed.set(preview.structure if preview.day else None)
    set_script_prefix(preview.root if preview.day else outside)
    try:
        yield
    finally:
        set_script_prefix(outside)
        previewed.reset(token)


def _pieces(content: Iterable[bytes], preview: Preview) -> Iterator[bytes]:
    """A body that is made piece by piece after the middleware has ended."""
    pieces = iter(content)
    while True:
        with _within(preview):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _private(response: Any) -> Any:
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response

"""The pages that belong to no single part: home, sources, the pages every public site must carry, and errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import get_language, get_language_from_path, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import journal, revision
from portal.models import Cited, Revision, Source

PAGES = {
    "about": gettext_lazy("このサイトについて"),
    "terms": gettext_lazy("利用規約"),
    "privacy": gettext_lazy("プライバシー"),
    "accessibility": gettext_lazy("アクセシビリティ"),
    "glossary": gettext_lazy("略語集"),
}
SHOWN_PER_KIND = 50


class NotFound(Http404):
    """Nothing at this address, in words, with addresses that may have been meant: `(address, name)`."""

    def __init__(self, message: str, suggestions: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


class Unacceptable(BadRequest):
    """A request that cannot be answered, in words that say what was expected."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html")


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page of prose. It is written in each language, not translated phrase by phrase."""
    return render(request, f"portal/pages/{get_language()}/{name}.html", {"heading": PAGES[name]})


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/sitemap.html", {"sources": Source.objects.public()})


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/sources.html", {"sources": Source.objects.public()})


@require_safe
def source(request: HttpRequest, code: str) -> HttpResponse:
    """A document, and what readers see that is cited from it, by kind; `?kind=` shows one kind page by page."""
    shown = Source.objects.public().filter(code=code).first()
    if shown is None:
        raise NotFound(_("「%(code)s」という出典はありません。") % {"code": code})
    kinds = [model for model in apps.get_models() if issubclass(model, Cited)]
    only = request.GET.get("kind")
    if only is not None:
        kinds = [model for model in kinds if model._meta.model_name == only]
        if not kinds:
            raise NotFound(_("「%(code)s」という種類はありません。") % {"code": only})
    groups: list[dict[str, Any]] = []
    for model in kinds:
        facts = model.objects.public().citing(shown)  # type: ignore[attr-defined]  # see Cited
        paginator = Paginator(facts, SHOWN_PER_KIND)
        rows = paginator.get_page(request.GET.get("page") if only else 1)
        if paginator.count:
            groups.append({"meta": model._meta, "name": model._meta.model_name, "rows": rows, "count": paginator.count})
    return render(request, "portal/source.html", {"source": shown, "groups": groups, "only": only})


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive. Asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The portal can serve: the database answers, no migration is due, and every change moves the revision."""
    try:
        executor = MigrationExecutor(connections["default"])
        due = executor.migration_plan(executor.loader.graph.leaf_nodes())
        fault = (
            "migrations are due" if due else "triggers are missing" if revision.missing() or journal.missing() else ""
        )
        fault = fault or ("" if Revision.objects.exists() else "the revision is missing")
    except DatabaseError:
        fault = "the database does not answer"
    return HttpResponse(f"{fault or 'ok'}\n", status=503 if fault else 200, content_type="text/plain")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return HttpResponsePermanentRedirect(static("portal/favicon.svg"))


def error_page(request: HttpRequest, status: int, message: str, **context: Any) -> HttpResponse:
    """An error in the language of the address, without the database: it may be what failed."""
    with override(get_language_from_path(request.path_info) or settings.LANGUAGE_CODE):
        html = render_to_string("portal/error.html", {"status": status, "message": message, **context})
    return HttpResponse(html, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    with override(get_language_from_path(request.path_info) or settings.LANGUAGE_CODE):
        known = isinstance(exception, Unacceptable)
        return error_page(request, 400, str(exception) if known else _("この要求は受け付けられません。"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    known = isinstance(exception, NotFound)
    context = {
        "message": str(exception) if known else _("このアドレスのページはありません。"),
        "suggestions": getattr(exception, "suggestions", []),
    }
    return render(request, "portal/404.html", context, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    with override(get_language_from_path(request.path_info) or settings.LANGUAGE_CODE):
        return error_page(request, 500, _("サーバーで問題が起きました。時間をおいて、もう一度お試しください。"))

"""Addresses: Japanese without a prefix, English under /en/."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path, register_converter

from portal import changes, downloads, search, views


class CodeConverter:
    """A code, or what someone took for one: letters of any script, digits, hyphens; nothing a database chokes on."""

    regex = r"[\w-]{1,80}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(CodeConverter, "code")

handler400 = "portal.views.bad_request"
handler404 = "portal.views.not_found"
handler500 = "portal.views.server_error"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("favicon.ico", views.favicon),
    *i18n_patterns(
        path(settings.ADMIN_PATH, admin.site.urls),
        path("changes/", changes.changes, name="changes"),
        path("changes.atom", changes.feed, name="changes-feed"),
        path("", views.home, name="home"),
        path("", include("bodies.urls")),
        path("", include("plans.urls")),
        path("", include("projects.urls")),
        path("sources/", views.sources, name="sources"),
        path("sources/<code:code>/", views.source, name="source"),
        path("data/", downloads.data, name="data"),
        path("data/package.zip", downloads.package, name="data-package"),
        re_path(
            rf"^data/(?P<name>[\w-]{{1,80}})\.(?P<kind>{'|'.join(downloads.KINDS)})$",
            downloads.download,
            name="download",
        ),
        path("search/", search.search, name="search"),
        path("sitemap/", views.sitemap, name="sitemap"),
        re_path(rf"^(?P<name>{'|'.join(views.PAGES)})/$", views.page, name="page"),
        prefix_default_language=False,
    ),
]

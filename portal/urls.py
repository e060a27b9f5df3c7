"""Addresses: Japanese without a prefix, English under /en/."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, re_path

from portal import views

handler400 = "portal.views.bad_request"
handler404 = "portal.views.not_found"
handler500 = "portal.views.server_error"

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("favicon.ico", views.favicon),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("", include("bodies.urls")),
        path("sources/", views.sources, name="sources"),
        path("sources/<str:code>/", views.source, name="source"),
        path("sitemap/", views.sitemap, name="sitemap"),
        re_path(rf"^(?P<name>{'|'.join(views.PAGES)})/$", views.page, name="page"),
        prefix_default_language=False,
    ),
]

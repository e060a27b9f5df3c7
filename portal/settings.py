"""The one settings file: everything that differs between machines comes from the environment.

Production is the default. It refuses to start until `SECRET_KEY` and `ALLOWED_HOSTS` are set; `DEBUG=1` needs
neither. `make run` sets both for this machine alone.

| variable | meaning | default |
|---|---|---|
| `DEBUG` | 1: developer's error pages, a throw-away key | 0 |
| `SECRET_KEY` | Django's signing key | none: refuses to start |
| `ALLOWED_HOSTS` | host names served, comma-separated | none: refuses to start |
| `DATABASE_URL` | `postgres://user:password@host:port/name` or `sqlite:///path` | `db.sqlite3` beside this project |
| `DB_POOL_SIZE` | PostgreSQL connections held by one process | 8 |
| `LOCK_WAIT_SECONDS` | how long a writer waits for another before it is told so | 20 |
| `STATIC_ROOT` | where `collectstatic` writes | `.static` beside this project |
| `SITE_OPERATOR`, `SITE_OPERATOR_EN` | who runs this site | none: the pages say that it is a demonstration |
| `SITE_CONTACT` | e-mail address or web address for readers | none: the pages say that there is none |
"""

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def _list(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


DEBUG = os.environ.get("DEBUG", "0") in {"1", "true", "True"}
SECRET_KEY = os.environ.get("SECRET_KEY", "")
ALLOWED_HOSTS = _list("ALLOWED_HOSTS")
if DEBUG:
    SECRET_KEY = SECRET_KEY or secrets.token_urlsafe(50)
elif missing := [name for name, value in [("SECRET_KEY", SECRET_KEY), ("ALLOWED_HOSTS", ALLOWED_HOSTS)] if not value]:
    raise ImproperlyConfigured(
        f"環境変数 {' と '.join(missing)} を設定してください。SECRET_KEY は長い乱数、ALLOWED_HOSTS は公開するホスト名"
        "（コンマ区切り）です。手元での開発なら DEBUG=1 を設定すれば、どちらも不要です。\n"
        f"Set {' and '.join(missing)} in the environment: SECRET_KEY to a long random text, ALLOWED_HOSTS to the host "
        "names to serve (comma-separated). For development on your own machine DEBUG=1 needs neither."
    )

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "mptt",
    "import_export",
    "csp",
    "portal",
    "bodies",
    "plans",
    "projects",
]

# One dataset = one import-export Resource = one file = one download; in the order in which one refers to another.
DATASETS = [
    "portal.resources.SourceResource",
    "bodies.resources.StructureResource",
    "bodies.resources.BodyResource",
    "bodies.resources.PlacementResource",
    "bodies.resources.MandateResource",
    "bodies.resources.SeatResource",
    "bodies.resources.LinkResource",
    "bodies.resources.NoteResource",
    "plans.resources.PlanResource",
    "plans.resources.SectionResource",
    "plans.resources.IndicatorResource",
    "plans.resources.TargetResource",
    "plans.resources.ObservationResource",
    "projects.resources.ProjectResource",
    "projects.resources.ProgrammeResource",
    "projects.resources.BudgetResource",
    "projects.resources.SuccessionResource",
]

# What search finds, in the order of its page: functions that yield `portal.search.Entry`.
SEARCHED = [
    "bodies.search.structures",
    "bodies.search.bodies",
    "bodies.search.roles",
    "bodies.search.seats",
    "plans.search.plans",
    "plans.search.sections",
    "projects.search.projects",
    "projects.search.programmes",
    "plans.search.targets",
    "plans.search.indicators",
    "portal.search.sources",
]

MIDDLEWARE = [
    "portal.middleware.BusyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "portal.context_processors.site",
            ],
        },
    }
]

LOCK_WAIT_SECONDS = int(os.environ.get("LOCK_WAIT_SECONDS", "20"))


def _database() -> dict[str, Any]:
    """SQLite that can stand several processes, or PostgreSQL with psycopg's pool; see the README for the reasons."""
    config: dict[str, Any] = dict(dj_database_url.config(default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}"))
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # IMMEDIATE: a transaction that reads and then writes would otherwise fail at once while another one writes.
        options |= {
            "transaction_mode": "IMMEDIATE",
            "timeout": LOCK_WAIT_SECONDS,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    else:
        config["CONN_HEALTH_CHECKS"] = True  # after a restart of the database the pool holds dead connections
        options |= {
            "pool": {"min_size": 1, "max_size": int(os.environ.get("DB_POOL_SIZE", "8")), "timeout": LOCK_WAIT_SECONDS},
            "options": f"-c lock_timeout={LOCK_WAIT_SECONDS * 1000}",
        }
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
FORMAT_MODULE_PATH = "portal.formats"
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / ".static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

SITE_OPERATOR = os.environ.get("SITE_OPERATOR", "")
SITE_OPERATOR_EN = os.environ.get("SITE_OPERATOR_EN", "")
SITE_CONTACT = os.environ.get("SITE_CONTACT", "")

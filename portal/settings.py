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
| `ADMIN_PATH` | where editors work, below the root of the site | `admin/` |
| `OTP_REQUIRED` | 1: editors need a second factor (TOTP) | 0 |
| `SITE_CONTACT` | e-mail address or web address for readers | none: the pages say that there is none |
"""

import datetime
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
    "portal.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "mptt",
    "import_export",
    "csp",
    "portal.apps.PortalConfig",
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

# What the journal notes beside public data: tables with the columns that may be written down. No secret is among them.
JOURNALED = {
    "auth.User": ["username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser"],
    "auth.User_groups": ["user_id", "group_id"],
    "auth.User_user_permissions": ["user_id", "permission_id"],
    "auth.Group": ["name"],
    "auth.Group_permissions": ["group_id", "permission_id"],
    "otp_totp.TOTPDevice": ["user_id", "name", "confirmed"],
    "otp_static.StaticDevice": ["user_id", "name", "confirmed"],
}

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
    "portal.middleware.AdminPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "portal.access.SecondFactorMiddleware",
    "bodies.preview.PreviewMiddleware",  # knows who asks, and leaves to what follows an address as readers have it
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

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
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
            ],
        },
    }
]

# Who may use the admin: see the README. Sessions are for an office day, and end with the browser.
ADMIN_PATH = os.environ.get("ADMIN_PATH", "admin/").strip("/") + "/"
OTP_REQUIRED = os.environ.get("OTP_REQUIRED", "0") in {"1", "true", "True"}
OTP_TOTP_ISSUER = "健康・医療研究開発の体制と計画"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # a body with many roles, members and relations is one form
SESSION_COOKIE_AGE = 8 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "portal_session"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = datetime.timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "portal.access.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says for how long
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code", "csrfmiddlewaretoken"]  # not kept with a failure
AXES_DISABLE_ACCESS_LOG = True  # log-ins are in the history
AXES_ENABLE_ADMIN = False

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
LOCALE_PATHS = [
    BASE_DIR / "portal" / "locale",  # the words of this project in English
    BASE_DIR / "portal" / "locale_ja",  # those of the packages that it uses, where they lack Japanese
]
TIME_ZONE = "Asia/Tokyo"
USE_TZ = True

STATIC_URL = "/static/"  # from the root: a preview puts another prefix before relative ones
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

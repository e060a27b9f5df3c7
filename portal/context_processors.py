from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from portal import revision


def in_language(path: str, language: str) -> str:
    """The address of the same page in another language: Japanese has no prefix."""
    prefix = "/en/"
    bare = path[len(prefix) - 1 :] if path.startswith(prefix) else path
    return bare if language == settings.LANGUAGE_CODE else f"/{language}{bare}"


def site(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: who runs the site, the day it speaks of, when data last changed, its other language."""
    contact = settings.SITE_CONTACT
    operator = settings.SITE_OPERATOR
    if get_language() == "en":
        operator = settings.SITE_OPERATOR_EN or operator
    return {
        "site": {
            "operator": operator,
            "contact": contact,
            "contact_href": contact if contact.startswith(("https://", "http://")) else f"mailto:{contact}",
        },
        "today": timezone.localdate(),
        "updated_on": SimpleLazyObject(lambda: timezone.localdate(revision.seen_by(request).moved_at)),
        "languages": [(code, name, in_language(request.get_full_path(), code)) for code, name in settings.LANGUAGES],
    }

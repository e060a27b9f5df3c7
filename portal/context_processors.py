from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from portal import revision


def in_language(address: str, language: str, root: str | None = None) -> str:
    """The address of the same page in another language: Japanese has no prefix.

    `root` is where the portal's addresses begin, "/" or in a preview the preview's own beginning: unless told, that of
    the addresses that are made now.
    """
    root = root or get_script_prefix()
    page = address.removeprefix(root).removeprefix("en/")
    return f"{root}{page}" if language == settings.LANGUAGE_CODE else f"{root}{language}/{page}"


def site(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: who runs the site, the day it speaks of, when data last changed, its other language."""
    # Where the request's own address begins: those that are made in a preview without a day lead out of it.
    root = request.path.removesuffix(request.path_info.removeprefix("/"))
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
        "languages": [
            (code, name, in_language(request.get_full_path(), code, root)) for code, name in settings.LANGUAGES
        ],
    }

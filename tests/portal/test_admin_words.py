"""No word of the admin is left in English for Japanese editors: every page is opened and read."""

from __future__ import annotations

import json
import re
from binascii import unhexlify
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axes
import django.contrib.admin
import django_otp
import import_export
import mptt
import polib
import pytest
from bs4 import BeautifulSoup
from bs4.element import PreformattedString
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.access import PENDING_KEY
from portal.admin_words import yes_or_no
from tests.conftest import ROOT
from tests.portal.walk import addresses, filled, undone, world, written_page

pytestmark = pytest.mark.django_db
PASSWORD = "とても長い合言葉です"

# What is written so in Japanese, too: names, standards, formats, and keys of a keyboard.
NAMES = {
    "AMED",
    "English",
    "JSON",
    "CSV",
    "MB",
    "ODS",
    "QR",
    "SHA",
    "TOTP",
    "URL",
    "XLSX",
    "FY",
    "OK",
    "Alt",
    "Control",
    "Command",
    "Mac",
}
EXAMPLES = {"third", "period", "situation"}  # codes that help texts show
CODES = {  # those that data files hold; help texts are the files' description
    word
    for model in apps.get_models()
    for field in model._meta.fields
    for code, _label in field.flatchoices
    for word in re.findall("[A-Za-z]+", str(code))
} | {"true", "false"}
READ_ATTRIBUTES = ["title", "alt", "placeholder", "aria-label", "aria-description", "label"]
WORD = re.compile(r"[A-Za-z]{2,}")
ADDRESS = re.compile(r"https?://\S+")


def texts(content: bytes) -> Iterator[str]:
    """What a page shows or reads out: text, the attributes that are read, what is written on buttons."""
    page = BeautifulSoup(content, "html.parser")
    for tag in page.select("[data-inline-formset]"):
        options = json.loads(str(tag["data-inline-formset"]))["options"]
        yield from (options["addText"], options["deleteText"])
    for tag in page.select("input[type=submit], input[type=button], input[type=reset]"):
        yield str(tag.get("value", ""))
    for name in READ_ATTRIBUTES:
        yield from (str(tag[name]) for tag in page.select(f"[{name}]"))
    for tag in page.select("script, style, textarea, code"):  # what is typed, and codes as such
        tag.decompose()
    yield from (str(text) for text in page.find_all(string=True) if not isinstance(text, PreformattedString))


def english(content: bytes) -> set[str]:
    return {
        f"{word} in: {' '.join(text.split())[:80]}"
        for text in texts(content)
        for word in WORD.findall(ADDRESS.sub("", text))
        if word not in NAMES | EXAMPLES | CODES
    }


def boss() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("管理者", password=PASSWORD))
    return client


def spoiled(data: dict[str, Any]) -> dict[str, Any]:
    """The form with everything wrong that can be: texts emptied, numbers and days that are none."""
    hidden = {"csrfmiddlewaretoken", "change_token", "change_seen"}
    kept = {name: value for name, value in data.items() if name in hidden or name.endswith("_FORMS")}
    return kept | {name: "？" if "fy" in name or name.endswith("_on") else "" for name in data if name not in kept}


Found = dict[str, str]  # a word in its sentence: where it stands


def read(where: str, content: bytes, found: Found) -> None:
    for word in english(content):
        found.setdefault(word, where)


def listed(found: Found) -> str:
    return "\n".join(f"{where}: {word}" for word, where in sorted(found.items(), key=lambda pair: pair[1]))


@pytest.mark.no_cover
def test_every_page_is_japanese() -> None:
    """As it opens, with its form sent empty, and with what is said after it was sent as it stood."""
    client, found = boss(), Found()
    for address in addresses(world()):
        response = client.get(address.path)
        if not (content := written_page(response)):
            continue
        read(str(address), content, found)
        if not (data := filled(content)):
            continue
        for sent, how in [(spoiled(data), "sent empty"), (data | {"post": "yes", "change_reason": "理由"}, "sent")]:
            with undone():
                read(f"{address}, {how}", client.post(address.path, sent, follow=True).content, found)

    assert not found, listed(found)


def test_the_door_is_japanese(settings: Any) -> None:
    found = Found()
    client = boss()
    staff = User.objects.create_user("花子", password=PASSWORD, is_staff=True)
    user = User.objects.create_user("太郎", password=PASSWORD)
    key = TOTPDevice.objects.create(user=User.objects.create_user("次郎", password=PASSWORD, is_staff=True))
    assert key.confirmed

    def log_in(name: str, password: str, **more: str) -> Any:
        return Client().post("/admin/login/", {"username": name, "password": password, **more})

    pages = {
        "login": Client().get("/admin/login/"),
        "login, sent empty": log_in("", ""),
        "login, wrong": log_in("花子", "違う合言葉"),
        "login, no staff": log_in(user.username, PASSWORD),
        "login, no code": log_in("次郎", PASSWORD),
        "login, wrong code": log_in("次郎", PASSWORD, code="000000"),
        "login, throttled": log_in("次郎", PASSWORD, code="000000"),
        "locked out": [log_in("花子", "違う合言葉") for _number in range(5)][-1],
        "password, weak": client.post(
            "/admin/password_change/", {"old_password": PASSWORD, "new_password1": "a", "new_password2": "b"}
        ),
        "second factor, wrong": client.post("/admin/second-factor/", {"code": "000000"}),
        "nothing here": client.get("/admin/nowhere/"),
        "form past its time": Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "花子"}),
    }
    staff_client = Client()
    staff_client.force_login(staff)
    pages["forbidden"] = staff_client.get("/admin/portal/source/")
    pages["index with nothing"] = staff_client.get("/admin/")
    client.get("/admin/second-factor/")
    totp = TOTP(unhexlify(client.session[PENDING_KEY]))
    pages["second factor, done"] = client.post("/admin/second-factor/", {"code": f"{totp.token():06}"})
    pages["second factor, set up"] = client.get("/admin/second-factor/")
    pages["logged out"] = client.post("/admin/logout/")
    settings.OTP_REQUIRED = True
    half = Client()
    half.force_login(staff)
    pages["second factor, required"] = half.get("/admin/second-factor/")
    for where, page in pages.items():
        read(where, page.content, found)

    assert [where for where, page in pages.items() if page.status_code not in (200, 403, 404, 429)] == []
    assert [where for where, page in pages.items() if page.status_code == 403] == ["form past its time", "forbidden"]
    assert not found, listed(found)


def test_scripts_of_the_admin_speak_japanese() -> None:
    catalogue = boss().get("/admin/jsi18n/").content.decode()
    said = set()
    folders = [Path(django.contrib.admin.__file__).parent / "static" / "admin" / "js", ROOT / "portal" / "static"]
    for script in (each for folder in folders for each in folder.rglob("*.js") if "vendor" not in each.parts):
        text = script.read_text()
        said |= {two or one for one, two in re.findall(r"""(?<!p)gettext\((?:'([^']+)'|"([^"]+)")""", text)}
    known = json.loads(re.search(r"const newcatalog = (\{.*?\});", catalogue, re.DOTALL)[1])  # type: ignore[index]

    assert "Choose a Date" in said
    left = {each: WORD.findall(re.sub(r"%\(\w+\)s", "", str(known.get(each, each)))) for each in said}
    assert {each: words for each, words in left.items() if set(words) - NAMES} == {}


def test_a_search_box_that_scripts_make_speaks_japanese() -> None:
    made = world()
    page = boss().get(f"/admin/bodies/placement/{made.rows['bodies.placement'].pk}/change/").content.decode()

    assert "select2/i18n/ja." in page


def test_japanese_for_packages_is_complete_and_of_something_they_say() -> None:
    catalogue = polib.pofile(str(Path(settings.LOCALE_PATHS[1]) / "ja" / "LC_MESSAGES" / "django.po"))
    packages = [Path(package.__file__).parent for package in (axes, django_otp, import_export, mptt)]
    source = "".join(
        path.read_text()
        for package in packages
        for path in package.rglob("*")
        if path.suffix in (".py", ".html", ".po") and "ja" not in path.parts
    )
    source = re.sub(r'"\s*\n\s*"', "", source)

    assert len(catalogue) == len(catalogue.translated_entries())
    assert [entry.msgid for entry in catalogue if entry.msgid.replace('"', '\\"') not in source] == []


def test_icons_say_yes_and_no_in_words() -> None:
    assert [re.search('alt="(.*)"', yes_or_no(value))[1] for value in (True, False, None)] == [  # type: ignore[index]
        "はい",
        "いいえ",
        "不明",
    ]

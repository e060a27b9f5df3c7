"""Who comes in: log-in, its limit, the second factor, and all of it in the journal."""

from __future__ import annotations

import json
import re
from binascii import unhexlify
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
import qrcode  # type: ignore[import-untyped]
from axes.models import AccessAttempt
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal import access, revision
from portal.models import Change, ChangedRow
from tests.portal.test_admin import form
from tests.portal.test_settings import start

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-password"
LOGIN = "/admin/login/"
DOOR = "/admin/second-factor/"
STAFF = {"is_active": "on", "is_staff": "on"}


@pytest.fixture(autouse=True)
def _fast_hasher(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def user(name: str = "花子", **fields: Any) -> User:
    made = User.objects.create_user(name, password=PASSWORD, **({"is_staff": True} | fields))
    made.groups.add(Group.objects.get(name="Editors"))
    return made


def log_in(client: Client, name: str = "花子", password: str = PASSWORD, code: str = "", **extra: Any) -> Any:
    return client.post(LOGIN, {"username": name, "password": password, "code": code, "next": "/admin/"}, **extra)


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def entries() -> list[tuple[str, str]]:
    return list(Change.objects.order_by("pk").values_list("kind", "user_name"))


def shown(response: Any) -> str:
    return BeautifulSoup(response.content, "html.parser").get_text()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The time that codes are made from, as seconds; it stands still until it is moved."""

    class Clock:
        now = 1_800_000_000.0

        def code(self, key: str, ahead: int = 0) -> str:
            totp = TOTP(unhexlify(key))
            totp.time = self.now + ahead
            return f"{totp.token():06}"

    clock = Clock()
    monkeypatch.setattr("django_otp.plugins.otp_totp.models.time.time", lambda: clock.now)
    return clock


def device(owner: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=owner)


# Log-in


def test_login_and_logout_are_in_the_journal() -> None:
    user()
    client = Client()

    assert log_in(client).headers["Location"] == "/admin/"
    assert is_in(client)
    assert client.get("/admin/logout/").status_code == 405
    client.post("/admin/logout/")

    assert not is_in(client)
    assert entries() == [("login", "花子"), ("logout", "花子")]


def test_a_refused_login_names_only_users_that_exist() -> None:
    user()
    log_in(Client(), "花子", "wrong")
    log_in(Client(), "my-password-in-the-wrong-field", "花子")

    assert entries() == [("refused", "花子"), ("refused", "")]
    assert "my-password" not in json.dumps(list(Change.objects.values("about", "reason", "user_name")))


def test_logins_move_no_revision() -> None:
    user()
    before = revision.current().number

    log_in(Client(), "花子", "wrong")
    log_in(Client())

    assert revision.current().number == before


def test_five_failures_lock_out_one_user_at_one_address() -> None:
    user()
    user("太郎")
    statuses = [log_in(Client(), password="wrong").status_code for _number in range(5)]

    assert statuses == [200, 200, 200, 200, 429]
    response = log_in(Client())
    assert (response.status_code, "15 分後にやり直してください" in shown(response)) == (429, True)
    assert log_in(Client(), REMOTE_ADDR="192.0.2.1").status_code == 302
    assert log_in(Client(), "太郎").status_code == 302
    assert [kind for kind, _name in entries()] == ["refused"] * 5 + ["login"] * 2


def test_lock_out_is_said_in_english_to_english_readers() -> None:
    user()
    data = {"username": "花子", "password": "wrong"}
    pages = [Client().post("/en/admin/login/", data) for _number in range(5)]

    assert pages[-1].status_code == 429
    assert BeautifulSoup(pages[-1].content, "html.parser").html["lang"] == "en"  # type: ignore[index]


def test_lock_out_ends_by_itself_and_is_not_prolonged_by_trying() -> None:
    user()
    for _number in range(5):
        log_in(Client(), password="wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert log_in(Client()).status_code == 429

    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - timedelta(minutes=2))

    assert log_in(Client()).status_code == 302


def test_success_makes_the_failures_forgotten() -> None:
    user()
    for _round in range(2):
        for _number in range(4):
            log_in(Client(), password="wrong")
        assert log_in(Client()).status_code == 302


def test_lock_out_keeps_no_password_or_code() -> None:
    user()
    log_in(Client(), password="wrong-password", code="123456")

    kept = AccessAttempt.objects.get().post_data
    assert ("wrong-password" in kept, "123456" in kept) == (False, False)


@pytest.mark.django_db(transaction=True)
def test_lock_out_over_http(live_server: Any) -> None:
    user()
    browser = build_opener(HTTPCookieProcessor())
    address = f"{live_server.url}{LOGIN}"

    def attempt() -> tuple[int, str]:
        with browser.open(address) as page:
            token = BeautifulSoup(page.read(), "html.parser").select_one("[name=csrfmiddlewaretoken]")
        assert token is not None
        body = f"username=%E8%8A%B1%E5%AD%90&password=wrong&csrfmiddlewaretoken={token['value']}".encode()
        try:
            with browser.open(Request(address, body)) as answer:  # noqa: S310  # this test's own server
                return answer.status, answer.read().decode()
        except OSError as error:
            return error.code, error.read().decode()  # type: ignore[attr-defined]

    answers = [attempt() for _number in range(5)]

    assert [status for status, _page in answers] == [200, 200, 200, 200, 429]
    assert "しばらく受け付けません" in answers[-1][1]


def test_who_is_no_staff_does_not_come_in() -> None:
    user(is_staff=False)
    client = Client()

    assert "スタッフ" in shown(log_in(client))
    assert not is_in(client)


def test_sessions_end_with_the_day_and_with_the_browser() -> None:
    user()
    client = Client()
    cookie = log_in(client).cookies["portal_session"]

    assert (cookie["expires"], cookie["max-age"], cookie["httponly"]) == ("", "", True)
    assert client.session.get_expiry_age() == 8 * 60 * 60


def test_weak_passwords_are_refused_and_a_new_one_is_noted_without_itself() -> None:
    user()
    client = Client()
    log_in(client)
    address = reverse("admin:password_change")
    new = "quite-another-password"

    def change(chosen: str) -> int:
        data = {"old_password": PASSWORD, "new_password1": chosen, "new_password2": chosen, "usable_password": "true"}
        return client.post(address, data).status_code

    assert [change(weak) for weak in ("short", "password1234", "123456789012345")] == [200, 200, 200]
    assert change(new) == 302
    assert Change.objects.filter(kind="rights").values_list("user_name", "about").get() == (
        "花子",
        "パスワードの変更：花子",
    )
    assert log_in(Client(), password=new).status_code == 302


# The second factor


def set_up(client: Client, clock: Any) -> tuple[str, list[str]]:
    """Follow the page. Returns the key and the backup codes."""
    client.get(DOOR)
    key = client.session[access.PENDING_KEY]
    response = client.post(DOOR, {"code": clock.code(key)})
    return key, [tag.get_text() for tag in BeautifulSoup(response.content, "html.parser").select(".backup-codes code")]


def test_setting_up_a_device(clock: Any) -> None:
    owner = user()
    client = Client()
    log_in(client)
    before = ChangedRow.objects.count()
    page = client.get(DOOR)
    image = client.get(f"{DOOR}qr.svg")

    assert client.post(DOOR, {"code": "000000"}).status_code == 200
    assert (TOTPDevice.objects.count(), ChangedRow.objects.count()) == (0, before)
    key, codes = set_up(client, clock)

    made = TOTPDevice.objects.get()
    assert (made.user, made.confirmed, made.key, len(codes)) == (owner, True, key, 10)
    assert re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", shown(page))
    assert (image["Content-Type"], image.content[:5], b"style" in image.content) == ("image/svg+xml", b"<svg ", False)
    change = Change.objects.get(kind="rights")
    assert (change.user_name, change.about) == ("花子", "花子")
    assert [row.model for row in change.rows.all()] == ["otp_totp.totpdevice", "otp_static.staticdevice"]
    written = json.dumps(list(ChangedRow.objects.values_list("after", flat=True)), default=str)
    assert not any(secret in written for secret in (key, *codes))


def test_qr_code_holds_what_the_app_needs() -> None:
    """The figure draws exactly the dark modules of the code for the address that apps know."""
    text = TOTPDevice(user=user(), key="00" * 20).config_url
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    dark = {(x, y) for y, row in enumerate(code.get_matrix()) for x, is_dark in enumerate(row) if is_dark}
    path = BeautifulSoup(access.qr_svg(text), "html.parser").select_one("path")

    assert (urlsplit(text).scheme, "secret=" + "A" * 32 in text) == ("otpauth", True)
    assert path is not None
    assert {(int(x), int(y)) for x, y in re.findall(r"M(\d+),(\d+)H", str(path["d"]))} == dark


def test_login_asks_for_the_code_of_who_has_a_device(clock: Any) -> None:
    made = device(user())
    client = Client()

    assert "確認コードを入力してください" in shown(log_in(client))
    assert not is_in(client)
    assert log_in(client, code=clock.code(made.key)).status_code == 302
    assert is_in(client)


def test_a_code_counts_once_and_is_read_as_people_type_it(clock: Any) -> None:
    made = device(user())
    code = clock.code(made.key)
    typed = f"{code[:3]} {code[3:]}".translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    assert log_in(Client(), code=typed).status_code == 302

    response = log_in(Client(), code=code)

    assert "すでに使われています" in shown(response)
    assert entries() == [("login", "花子"), ("refused", "花子")]


def test_wrong_codes_are_slowed_down_and_count_as_failures(clock: Any) -> None:
    made = device(user())
    assert "確認コードが違うか" in shown(log_in(Client(), code="000000"))
    assert "少し待って" in shown(log_in(Client(), code=clock.code(made.key)))

    for _number in range(3):
        TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
        log_in(Client(), code="000000")
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)

    assert log_in(Client(), code="000000").status_code == 429
    assert entries() == [("refused", "花子")] * 5


def test_a_backup_code_counts_once_and_leaves_the_app_alone(clock: Any) -> None:
    made = device(user())
    codes = access.make_backup_codes(made.user)

    assert log_in(Client(), code=codes[3].upper()).status_code == 302
    assert log_in(Client(), code=codes[3]).status_code == 200
    made.refresh_from_db()
    assert (made.throttling_failure_count, StaticToken.objects.count()) == (0, 9)


def test_a_device_of_another_user_opens_nothing(clock: Any) -> None:
    device(user())
    other = device(user("太郎"))

    assert log_in(Client(), code=clock.code(other.key)).status_code == 200


def test_removing_and_renewing_ask_for_a_code(clock: Any) -> None:
    user()
    client = Client()
    log_in(client)
    _key, codes = set_up(client, clock)

    tokens = set(StaticToken.objects.values_list("token", flat=True))
    for action in ("remove", "renew"):
        TOTPDevice.objects.update(throttling_failure_timestamp=None)
        assert "確認コードが違うか" in shown(client.post(DOOR, {action: "1", "code": "000000"}))
    assert (TOTPDevice.objects.count(), set(StaticToken.objects.values_list("token", flat=True))) == (1, tokens)
    renewed = client.post(DOOR, {"renew": "1", "code": codes[0]})
    new = [tag.get_text() for tag in BeautifulSoup(renewed.content, "html.parser").select(".backup-codes code")]
    assert (len(new), set(new) & set(codes), StaticDevice.objects.count()) == (10, set(), 1)
    client.post(DOOR, {"remove": "1", "code": new[0]})

    assert (TOTPDevice.objects.count(), StaticDevice.objects.count()) == (0, 0)
    assert is_in(client)
    assert [kind for kind, _name in entries()] == ["login", "rights", "rights", "rights"]


def test_who_came_in_with_a_backup_code_stays_in_when_the_codes_are_renewed(clock: Any, settings: Any) -> None:
    settings.OTP_REQUIRED = True
    made = device(user())
    codes = access.make_backup_codes(made.user)
    client = Client()
    log_in(client, code=codes[0])

    client.post(DOOR, {"renew": "1", "code": clock.code(made.key)})

    assert set(StaticToken.objects.values_list("token", flat=True)) & set(codes) == set()
    assert is_in(client)


def test_required_second_factor_leaves_the_set_up_page_alone_to_who_has_none(clock: Any, settings: Any) -> None:
    settings.OTP_REQUIRED = True
    user(is_superuser=True)
    client = Client()
    log_in(client)

    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == DOOR
    for name in ("password_change", "portal_source_changelist", "auth_user_changelist", "autocomplete", "jsi18n"):
        assert client.get(reverse(f"admin:{name}")).status_code == 302
    page = client.get(DOOR)
    assert page.wsgi_request.user.is_anonymous  # also to the pages outside the admin, which show drafts to some
    _key, codes = set_up(client, clock)

    assert (len(codes), is_in(client)) == (10, True)


def test_required_second_factor_cannot_be_set_up_anew_past_the_one_there_is(clock: Any, settings: Any) -> None:
    owner = user()
    client = Client()
    log_in(client)  # before there was a device, and before it was required
    device(owner)
    settings.OTP_REQUIRED = True

    assert client.get(DOOR).headers["Location"] == f"/admin/login/?next={DOOR}"
    assert client.post(DOOR, {"code": "000000"}).status_code == 302
    assert client.get(f"{DOOR}qr.svg").status_code == 404
    assert client.get("/admin/login/").status_code == 200


def test_who_is_half_in_can_log_out(settings: Any) -> None:
    settings.OTP_REQUIRED = True
    user()
    client = Client()
    log_in(client)

    client.post("/admin/logout/")

    assert client.get(DOOR).status_code == 302
    assert entries() == [("login", "花子"), ("logout", "花子")]


def test_an_administrator_takes_a_lost_device_off(clock: Any) -> None:
    made = device(user())
    access.make_backup_codes(made.user)
    boss = Client()
    boss.force_login(User.objects.create_superuser("管理者"))
    address = reverse("admin:auth_user_change", args=[made.user.pk])
    data = form(boss, address)
    assert made.key not in boss.get(address).content.decode()

    response = boss.post(address, data | {"totpdevice_set-0-DELETE": "on", "staticdevice_set-0-DELETE": "on"})

    assert response.status_code == 302
    assert (TOTPDevice.objects.count(), StaticDevice.objects.count()) == (0, 0)
    change = Change.objects.get()
    assert (change.kind, change.user_name, change.about) == ("rights", "管理者", "花子")


# Users and groups


def test_a_users_rights_change_in_the_journal() -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("管理者"))
    whose = user()
    address = reverse("admin:auth_user_change", args=[whose.pk])
    publishers = Group.objects.get(name="Publishers")

    response = boss.post(
        address, form(boss, address) | {**STAFF, "groups": str(publishers.pk), "change_reason": "異動"}
    )

    assert response.status_code == 302
    change = Change.objects.get()
    assert (change.kind, change.about, change.reason) == ("rights", "花子", "異動")
    assert sorted((row.kind, row.model) for row in change.rows.all()) == [
        ("+", "auth.user_groups"),
        ("-", "auth.user_groups"),
    ]


def test_a_new_user_has_a_good_password_or_is_not_made() -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("管理者"))
    address = reverse("admin:auth_user_add")
    data = form(boss, address) | {**STAFF, "username": "次郎", "groups": str(Group.objects.get(name="Readers").pk)}

    assert boss.post(address, data | {"password1": "short", "password2": "short"}).status_code == 200
    assert not User.objects.filter(username="次郎").exists()
    assert boss.post(address, data | {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302

    assert log_in(Client(), "次郎").status_code == 302
    assert PASSWORD not in json.dumps(list(ChangedRow.objects.values_list("after", flat=True)), default=str)
    assert Change.objects.filter(kind="rights").values_list("about", flat=True).get() == "次郎"


def test_an_administrators_new_password_for_a_user_is_noted() -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("管理者"))
    whose = user()
    new = "quite-another-password"
    address = reverse("admin:auth_user_password_change", args=[whose.pk])

    boss.post(address, {"password1": new, "password2": new})

    assert log_in(Client(), password=new).status_code == 302
    assert Change.objects.filter(kind="rights").values_list("user_name", "about").get() == (
        "管理者",
        "パスワードの変更：花子",
    )


def test_keys_of_devices_have_no_page() -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("管理者"))

    assert [boss.get(f"/admin/{path}/").status_code for path in ("otp_totp/totpdevice", "axes/accessattempt")] == [
        404,
        404,
    ]


# Users for a trial


def test_demo_users_only_for_a_trial() -> None:
    refused = start("demo_users", SECRET_KEY="x" * 50, ALLOWED_HOSTS="example.go.jp", DATABASE_URL="sqlite://:memory:")

    assert refused.returncode == 1
    assert "DEBUG=1 のときだけ" in refused.stderr


def test_demo_users_are_one_of_each_and_made_once(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DEBUG = True
    call_command("demo_users")
    told = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    call_command("demo_users")

    assert list(told) == ["editor", "publisher", "steward", "reader", "administrator"]
    assert all("すでにいます" in line for line in capsys.readouterr().out.splitlines())
    settings.DEBUG = False
    assert all(log_in(Client(), name, password).status_code == 302 for name, password in told.items())
    assert list(User.objects.order_by("pk").values_list("groups__name", "is_superuser")) == [
        ("Editors", False),
        ("Publishers", False),
        ("Data stewards", False),
        ("Readers", False),
        (None, True),
    ]
    assert Change.objects.filter(kind="rights").count() == 1

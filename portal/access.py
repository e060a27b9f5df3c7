"""Who comes in: log-in with a limit on failures, the second factor, and both in the journal."""

from __future__ import annotations

import unicodedata
from base64 import b32encode
from collections.abc import Callable
from functools import partial
from typing import Any

import django_otp
import qrcode  # type: ignore[import-untyped]
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import user_login_failed
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key
from qrcode.image.svg import SvgPathFillImage  # type: ignore[import-untyped]

from portal.admin import PortalSite
from portal.journal import recording
from portal.models import Change, ChangeKind
from portal.views import error_page

DIGITS = 6
BACKUP_CODES = 10
PENDING_KEY = "second_factor_key"  # in the session: the key of a device that is not confirmed yet


def noted(kind: ChangeKind, user: User | None, about: str = "", about_en: str = "") -> None:
    """An entry of the journal to which no row belongs.

    Unlike `recording()` it does not take the revision: else whoever knocks at the door would make every kept page and
    chart stale, and wait for the writers.
    """
    name = user.get_username() if user is not None else ""
    Change.objects.create(kind=kind, user=user, user_name=name, about=about, about_en=about_en)


# Log-in


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """What django-axes answers in place of the log-in page."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    message = _("ログインの失敗が続いたため、しばらく受け付けません。%(minutes)s 分後にやり直してください。")
    return error_page(request, 429, message % {"minutes": minutes})


def note_refusal(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """A failed log-in in the journal. What was typed is noted only if it is a user's name: it may be a password."""
    if getattr(request, "axes_failures_since_start", None) is None:
        return  # refused unheard, during a lock-out: the failures that led to it are in the journal
    noted(ChangeKind.REFUSED, User.objects.filter(username=credentials.get("username")).first())


class Throttled(Exception):
    """Wrong codes came one after another: no code is looked at for a while."""


def matching_device(user: User, code: str) -> TOTPDevice | StaticDevice | None:
    """The user's device that a code came from: six digits from an app, anything else from the list of backup codes.

    A code counts once. Raises `Throttled`.
    """
    code = _plain(code)
    kind = TOTPDevice if len(code) == DIGITS and code.isdecimal() else StaticDevice
    with transaction.atomic():  # no error leaves it: a failure must be counted
        device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
        is_allowed = device is None or device.verify_is_allowed()[0]
        matches = device is not None and is_allowed and device.verify_token(code)
    if not is_allowed:
        raise Throttled
    return device if matches else None


def check_code(user: User, code: str) -> TOTPDevice | StaticDevice:
    """The user's device that a code came from. Raises `ValidationError` in words, with a code for each reason."""
    if not code.strip():
        raise ValidationError(_("確認コードを入力してください。"), code="code_required")
    try:
        device = matching_device(user, code)
    except Throttled:
        message = _("確認コードの誤りが続いたため、受け付けていません。少し待ってからやり直してください。")
        raise ValidationError(message, code="throttled") from None
    if device is None:
        message = _(
            "確認コードが違うか、すでに使われています。アプリに表示される次のコードか、別の予備コードを入力してください。"
        )
        raise ValidationError(message, code="wrong_code")
    return device


class CodeField(forms.CharField):
    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=gettext_lazy("確認コード"), max_length=32, **kwargs)


class LoginForm(AdminAuthenticationForm):
    """Name, password and, for who has set it up, a code."""

    code = CodeField(
        required=False, help_text=gettext_lazy("二段階認証を設定した人だけ：アプリの6桁のコード、または予備コード。")
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        user: Any = self.get_user()
        if user is not None and django_otp.user_has_device(user):
            try:
                user.otp_device = check_code(user, data.get("code", ""))  # from here django-otp takes it to the session
            except ValidationError as error:
                if error.code == "wrong_code":
                    credentials = {"username": user.get_username()}
                    user_login_failed.send(sender=__name__, credentials=credentials, request=self.request)
                raise
        return data


# The second factor


class SecondFactorMiddleware:
    """Where a second factor is required, who has not shown it is nobody, on every page: drafts are shown outside the
    admin too. The entrance alone looks at `request.account`. Stands right after django-otp's middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.account = request.user  # type: ignore[attr-defined]  # ours
        if settings.OTP_REQUIRED:
            request.user = SimpleLazyObject(partial(_admitted, request.user))  # type: ignore[assignment]
        return self.get_response(request)


def _admitted(user: Any) -> Any:
    if not user.is_authenticated or user.is_verified():
        return user
    nobody: Any = AnonymousUser()
    nobody.otp_device, nobody.is_verified = None, lambda: False
    return nobody


class CodeForm(forms.Form):
    code = CodeField()


class EntranceSite(PortalSite):
    """The admin's door: log-in, log-out, password and second factor."""

    login_form = LoginForm

    def get_urls(self) -> list[Any]:
        door = [
            # Also for those who are only half in: Django's own sends them to the log-in page.
            path("logout/", csrf_protect(never_cache(self.logout)), name="logout"),
            path("second-factor/", csrf_protect(never_cache(self.second_factor)), name="second_factor"),
            path("second-factor/qr.svg", never_cache(self.second_factor_qr), name="second_factor_qr"),
        ]
        return [*door, *super().get_urls()]

    def arrived(self, request: HttpRequest) -> User | None:
        """Who may set up a second factor: who is in, or would be if it were not required and has none yet."""
        user: Any = request.account  # type: ignore[attr-defined]  # see SecondFactorMiddleware
        if not user.is_active or not user.is_staff:
            return None
        return user if self.has_permission(request) or not django_otp.user_has_device(user) else None

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        is_half_in = not self.has_permission(request) and self.arrived(request) is not None
        if request.method == "GET" and is_half_in:
            return HttpResponseRedirect(reverse("admin:second_factor"))
        response = super().login(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            user: Any = request.user
            noted(ChangeKind.LOGIN, user)
        return response

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        user: Any = request.account  # type: ignore[attr-defined]
        is_known = user.is_authenticated
        response = super().logout(request, extra_context)
        if request.method == "POST" and is_known:
            noted(ChangeKind.LOGOUT, user)
        return response

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        response = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            user: Any = request.user
            note_password(user, user)
        return response

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """The page where a user sets up a device, makes new backup codes, or removes both."""
        user = self.arrived(request)
        if user is None:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
        form = CodeForm(request.POST or None)
        codes: list[str] = []
        if request.method == "POST" and form.is_valid():
            try:
                if device is None:
                    codes = self.set_up(request, user, form.cleaned_data["code"])
                elif "remove" in request.POST:
                    self.remove(request, user, form.cleaned_data["code"])
                    return HttpResponseRedirect(request.path)
                else:
                    check_code(user, form.cleaned_data["code"])
                    with recording(ChangeKind.RIGHTS, user=user, about=user.get_username()):
                        codes = make_backup_codes(user)
                    django_otp.login(request, device)  # the session may have begun with one of the old codes
            except ValidationError as error:
                form.add_error("code", error)
        is_set_up = device is not None or bool(codes)
        if not is_set_up:
            request.session.setdefault(PENDING_KEY, default_key())
        context = {
            **self.each_context(request),
            "title": _("二段階認証"),
            "form": CodeForm() if codes else form,
            "is_set_up": is_set_up,
            "key": "" if is_set_up else _in_fours(_pending(request, user)),
            "codes": codes,
            "codes_left": StaticToken.objects.filter(device__user=user).count(),
            "is_required": settings.OTP_REQUIRED,
            "may_enter": self.has_permission(request),
        }
        return TemplateResponse(request, "portal/admin/otp.html", context)

    def second_factor_qr(self, request: HttpRequest) -> HttpResponse:
        """The key that is being set up, for the app's camera."""
        user = self.arrived(request)
        if user is None or PENDING_KEY not in request.session:
            raise Http404
        return HttpResponse(qr_svg(_pending(request, user).config_url), content_type="image/svg+xml")

    def set_up(self, request: HttpRequest, user: User, code: str) -> list[str]:
        """Keep the device whose code this is. Returns its backup codes. Raises `ValidationError`."""
        if PENDING_KEY not in request.session:
            raise ValidationError(_("設定の途中で時間が空きました。QRコードをもう一度読み取ってください。"))
        with recording(ChangeKind.RIGHTS, user=user, about=user.get_username()):
            device = _pending(request, user)
            # Of two forms sent at once one is first; and a code that is wrong leaves nothing behind.
            if TOTPDevice.objects.filter(user=user).exists() or not device.verify_token(_plain(code)):
                raise ValidationError(_("確認コードが違います。端末の時計が合っているかも確かめてください。"))
            codes = make_backup_codes(user)
        request.user = user
        django_otp.login(request, device)
        request.session.cycle_key()
        del request.session[PENDING_KEY]
        messages.success(request, _("二段階認証を設定しました。次のログインから、確認コードが要ります。"))
        return codes

    def remove(self, request: HttpRequest, user: User, code: str) -> None:
        check_code(user, code)
        with recording(ChangeKind.RIGHTS, user=user, about=user.get_username()):
            for kind in (TOTPDevice, StaticDevice):
                kind.objects.filter(user=user).delete()
        messages.success(request, _("二段階認証を解除しました。"))


def note_password(user: User, whose: User) -> None:
    """A password was set. The journal has nothing of the password itself."""
    noted(ChangeKind.RIGHTS, user, f"パスワードの変更：{whose}", f"Password changed: {whose}")


def make_backup_codes(user: User) -> list[str]:
    """New backup codes in place of the old ones. They are told once."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user)
    codes = [StaticToken.random_token() for _number in range(BACKUP_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def _pending(request: HttpRequest, user: User) -> TOTPDevice:
    """The device that is being set up, not saved yet."""
    return TOTPDevice(user=user, key=request.session[PENDING_KEY], digits=DIGITS)


def _plain(code: str) -> str:
    """A code as it is compared: typed in full width, in groups or in capitals it is the same one."""
    return "".join(unicodedata.normalize("NFKC", code).split()).lower()


def _in_fours(device: TOTPDevice) -> str:
    """The key for typing."""
    key = b32encode(device.bin_key).decode()
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


def qr_svg(text: str) -> bytes:
    """A QR code as a document of its own, without style: the pages' policy allows none."""
    return qrcode.make(text, image_factory=SvgPathFillImage).to_string()

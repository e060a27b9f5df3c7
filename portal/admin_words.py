"""Words of packages that no catalogue reaches, because they are plain text there: said in both languages.

Those that a catalogue reaches are in `portal/locale_ja`.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin.templatetags import admin_list
from django.contrib.auth.models import Group
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal import rights


def install() -> None:
    """Once, when all models are loaded."""
    admin_list._boolean_icon = yes_or_no  # type: ignore[attr-defined]  # every page of Django's admin looks it up here
    Group.add_to_class("__str__", rights.called)
    _name_devices()
    _name_joins()


def yes_or_no(value: bool | None) -> SafeString:
    """Django's icon, which says "True" to who cannot see it."""
    icon, words = {True: ("yes", _("はい")), False: ("no", _("いいえ")), None: ("unknown", _("不明"))}[value]
    return format_html('<img src="{}" alt="{}">', static(f"admin/img/icon-{icon}.svg"), words)


def _name_devices() -> None:
    """The models of django-otp, as the history and a user's page call them."""
    names = {TOTPDevice: gettext_lazy("認証アプリ"), StaticDevice: gettext_lazy("予備コード")}
    fields = {"user": gettext_lazy("利用者"), "name": gettext_lazy("名前"), "confirmed": gettext_lazy("確認済み")}
    for model, name in names.items():
        model._meta.verbose_name = model._meta.verbose_name_plural = name
        model.add_to_class("__str__", lambda device: str(device.user))
        for field_name, label in fields.items():
            model._meta.get_field(field_name).verbose_name = label


def _name_joins() -> None:
    """Rows that only join two others, as the page before a deletion lists them: by the field and both ends."""
    for model in apps.get_models():
        for field in model._meta.local_many_to_many:
            through: Any = field.remote_field.through
            if not through._meta.auto_created:
                continue
            own, other = field.m2m_field_name(), field.m2m_reverse_field_name()
            through._meta.verbose_name = through._meta.verbose_name_plural = field.verbose_name
            through.add_to_class(
                "__str__", lambda row, own=own, other=other: f"{getattr(row, own)} － {getattr(row, other)}"
            )

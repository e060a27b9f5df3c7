"""Users and groups, for administrators alone; every change of theirs is in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import admin as auth
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.models import Group, Permission, User
from django.db.models import ManyToManyField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static import admin as _otp_static  # noqa: F401  # registers what is taken off below
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp import admin as _otp_totp  # noqa: F401  # the same
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal import rights
from portal.access import note_password
from portal.admin import GuardedAdmin, Stacked
from portal.history import right as in_words
from portal.models import ChangeKind

if TYPE_CHECKING:  # as in portal.admin
    AdminPasswordChangeForm = auth_forms.AdminPasswordChangeForm[User]
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField[Permission]
    DjangosUserAdmin = auth.UserAdmin[User]
else:
    AdminPasswordChangeForm = auth_forms.AdminPasswordChangeForm
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField
    DjangosUserAdmin = auth.UserAdmin

admin.site.unregister([User, Group])
admin.site.unregister([TOTPDevice, StaticDevice])  # their pages show keys; a user's own page of the entrance does not


class AccountAdmin(GuardedAdmin):
    """Of what says who may do what. Only administrators see it: who can give rights has them all."""

    formfield_overrides = {ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}

    def recorded(self, request: HttpRequest, kind: ChangeKind) -> Any:
        return super().recorded(request, ChangeKind.RIGHTS)

    def described(self, obj: Any) -> dict[str, str]:
        return {"about": str(obj)}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class DeviceInline(Stacked):
    """What a user has set up as a second factor: an administrator can take it off when it is lost, and no more."""

    fields = ["is_confirmed"]
    readonly_fields = ["is_confirmed"]
    extra = 0

    @admin.display(description=_("確認済み"), boolean=True)
    def is_confirmed(self, device: Any) -> bool:
        return bool(device.confirmed)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


class TOTPInline(DeviceInline):
    model = TOTPDevice


class BackupCodesInline(DeviceInline):
    model = StaticDevice


class PasswordForm(AdminPasswordChangeForm):
    """A new password for someone; taking passwords away altogether is not offered, there is no other log-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True


@admin.register(User)
class UserAdmin(AccountAdmin, DjangosUserAdmin):
    person: Any = (_("氏名と連絡先"), {"fields": ["last_name", "first_name", "email"]})
    role: Any = (
        _("権限"),
        {
            "fields": ["is_active", "is_staff", "is_superuser", "groups"],
            "description": _("編集画面に入るには「スタッフ権限」が要ります。できることはグループで決まります。"),
        },
    )
    fieldsets = [
        (None, {"fields": ["username", "password_link"]}),
        person,
        role,
        (_("日時"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "password1", "password2"]}), person, role]
    add_form = auth_forms.UserCreationForm
    add_form_template = None
    change_password_form = PasswordForm
    change_user_password_template = "portal/admin/user_password.html"  # noqa: S105  # a template
    readonly_fields = ["password_link", "last_login", "date_joined"]
    list_display = ["username", "last_name", "first_name", "in_groups", "is_staff", "is_active", "last_login"]
    filter_horizontal = []
    inlines = [TOTPInline, BackupCodesInline]

    @admin.display(description=_("グループ"))
    def in_groups(self, user: User) -> str:
        return "、".join(map(str, user.groups.all()))

    @admin.display(description=_("パスワード"))
    def password_link(self, user: User) -> SafeString:
        """Not what Django shows of the hash."""
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("パスワードを変更する"))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj is not None else []

    def log_change(self, request: Any, obj: Any, message: Any) -> Any:
        if request.resolver_match.url_name == "auth_user_password_change":
            note_password(request.user, obj)


class RightsField(ModelMultipleChoiceField):
    def label_from_instance(self, obj: Permission) -> str:
        return in_words(obj)


@admin.register(Group)
class GroupAdmin(AccountAdmin, auth.GroupAdmin):
    """The groups of `portal.rights` keep their names; what they may do can be widened, and narrowed until `migrate`."""

    filter_horizontal = []

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        kwargs |= {"form_class": RightsField, "queryset": rights.permissions(set().union(*rights.GROUPS.values()))}
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["called" if _is_ours(obj) else "name", "permissions"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["called"]

    @admin.display(description=_("名前"))
    def called(self, group: Group) -> str:
        return rights.called(group)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_ours(obj)


def _is_ours(group: Group | None) -> bool:
    return group is not None and group.name in rights.GROUPS

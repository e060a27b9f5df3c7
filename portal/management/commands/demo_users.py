import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from portal import rights
from portal.journal import recording
from portal.models import ChangeKind

USERS = {
    "editor": "Editors",
    "publisher": "Publishers",
    "steward": "Data stewards",
    "reader": "Readers",
    "administrator": None,  # may do everything
}


class Command(BaseCommand):
    help = "Make a user of each group and an administrator, to try the admin with DEBUG=1. Passwords are told once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(_("試用の利用者は、DEBUG=1 のときだけ作れます。"))
        rights.install()
        passwords: dict[str, str] = {}
        with recording(ChangeKind.RIGHTS, about="試用の利用者", about_en="Users for a trial"):
            for name, group in USERS.items():
                if User.objects.filter(username=name).exists():
                    continue
                passwords[name] = secrets.token_urlsafe(12)
                user = User.objects.create_user(
                    name, password=passwords[name], is_staff=True, is_superuser=group is None
                )
                if group is not None:
                    user.groups.add(Group.objects.get(name=group))
        for name in USERS:
            told = passwords.get(name) or _("すでにいます（パスワードは変えていません）")
            self.stdout.write(f"{name}\t{told}")

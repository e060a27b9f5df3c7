from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from portal import rights


class Command(BaseCommand):
    help = "Give each group the rights it should have, as every migrate does, and list what it has beside them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--exact", action="store_true", help="take what a group has beside them away")

    def handle(self, *args: Any, exact: bool, **options: Any) -> None:
        given = rights.install()
        beside = rights.take_back() if exact else {name: sorted(each) for name, each in rights.beyond().items()}
        for name in rights.GROUPS:
            for right in given.get(name, []):
                self.stdout.write(_("%(group)s：加えた権限 %(right)s") % {"group": name, "right": right})
            for right in beside.get(name, []):
                words = _("%(group)s：外した権限 %(right)s") if exact else _("%(group)s：手で加えられた権限 %(right)s")
                self.stdout.write(words % {"group": name, "right": right})
        if not any(given.values()) and not any(beside.values()):
            self.stdout.write(_("グループの権限は、定めのとおりです。"))

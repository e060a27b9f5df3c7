from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _

from portal import revision, tree


class Command(BaseCommand):
    help = "Compare every tree's index with its parents and order. Exit status 1 when something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="renumber what is wrong")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS)

    def handle(self, *args: Any, repair: bool, database: str, **options: Any) -> None:
        wrong = []
        for model in (each for each in apps.get_models() if issubclass(each, tree.OrderedTree)):
            owners = model._base_manager.using(database).order_by().values_list(f"{model.tree_owner}_id", flat=True)
            for owner in sorted(set(owners)):
                with tree.settle(database) if repair else revision.reading(database):
                    rows, fault = tree.faults(model, owner, database)
                    if repair:
                        tree.renumber(model, owner, database, strict=False)
                name = f"{model._meta.label} {owner}"
                if rows:
                    words = (
                        _("%(tree)s：索引の誤り %(rows)s 行（修復済み）")
                        if repair
                        else _("%(tree)s：索引の誤り %(rows)s 行")
                    )
                    self.stdout.write(words % {"tree": name, "rows": rows})
                if fault:  # which parent is right is for an editor to say
                    self.stdout.write(f"{name}: {fault}")
                if fault or (rows and not repair):
                    wrong.append(name)
        if wrong:
            raise CommandError(_("誤りのある木：%(trees)s") % {"trees": ", ".join(wrong)})
        self.stdout.write(_("すべての木が正しい状態です。"))

import shutil
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Fail when a word of the interface has no English, or the catalogue holds one that is gone."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = []
        for folder in map(Path, settings.LOCALE_PATHS):
            template = folder / "django.pot"
            if shutil.which("xgettext"):
                ignored = [".venv", "tests"]
                call_command("makemessages", exclude=["en"], keep_pot=True, ignore_patterns=ignored, verbosity=0)
                expected = {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(template))}
                template.unlink()
            else:
                self.stdout.write("xgettext is not installed: only looked for empty translations")
                expected = None
            for path in folder.glob("*/LC_MESSAGES/django.po"):
                catalogue = polib.pofile(str(path))
                wrong += [f"{path.name}: no translation: {entry.msgid}" for entry in catalogue.untranslated_entries()]
                wrong += [f"{path.name}: fuzzy: {entry.msgid}" for entry in catalogue.fuzzy_entries()]
                if expected is not None:
                    found = {(entry.msgctxt or "", entry.msgid) for entry in catalogue if not entry.obsolete}
                    wrong += [f"{path.name}: missing: {entry}" for entry in sorted(expected - found)]
                    wrong += [f"{path.name}: no longer used: {entry}" for entry in sorted(found - expected)]
        if wrong:
            raise CommandError("\n".join([*wrong, "run: make messages, and translate what is new"]))

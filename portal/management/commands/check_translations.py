import shutil
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Fail when a word of the interface is not translated, or the catalogue holds one that is gone."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = []
        own, *of_packages = map(Path, settings.LOCALE_PATHS)
        for folder in (own, *of_packages):
            expected = self.expected(folder) if folder == own else None  # no source here has what packages say
            for path in folder.glob("*/LC_MESSAGES/django*.po"):
                catalogue = polib.pofile(str(path))
                wrong += [f"{path.name}: no translation: {entry.msgid}" for entry in catalogue.untranslated_entries()]
                wrong += [f"{path.name}: fuzzy: {entry.msgid}" for entry in catalogue.fuzzy_entries()]
                if expected is not None and path.name == "django.po":
                    found = {(entry.msgctxt or "", entry.msgid) for entry in catalogue if not entry.obsolete}
                    wrong += [f"{path.name}: missing: {entry}" for entry in sorted(expected - found)]
                    wrong += [f"{path.name}: no longer used: {entry}" for entry in sorted(found - expected)]
        if wrong:
            raise CommandError("\n".join([*wrong, "run: make messages, and translate what is new"]))

    def expected(self, folder: Path) -> set[tuple[str, str]] | None:
        """The words of this project's sources: context and text. None where there is nothing to collect them with."""
        if not shutil.which("xgettext"):
            self.stdout.write("xgettext is not installed: only looked for empty translations")
            return None
        template = folder / "django.pot"
        ignored = [".venv", "tests"]
        call_command("makemessages", exclude=["en"], keep_pot=True, ignore_patterns=ignored, verbosity=0)
        words = {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(template))}
        template.unlink()
        return words

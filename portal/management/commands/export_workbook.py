import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.workbook import write


class Command(BaseCommand):
    help = "Write every dataset into one XLSX workbook that reads back the same, or an empty one to be filled in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--template", action="store_true", help="an empty workbook with a guide and drop-down lists"
        )
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="of sheets, headings and choices",
        )
        # The name of a workbook that is being filled in is easily typed after the wrong command.
        parser.add_argument("--overwrite", action="store_true", help="replace the file if there is one")

    def handle(self, *args: Any, file: Path, template: bool, language: str, overwrite: bool, **options: Any) -> None:
        with override(language):
            if file.is_dir() or (file.exists() and not overwrite):
                raise CommandError(_("%(file)s はすでにあります（置き換えるには --overwrite）。") % {"file": file})
            unfinished = file.with_name(f".{file.name}.{os.getpid()}")
            try:
                with unfinished.open("xb") as opened:
                    (write.template if template else write.export)(opened)
                unfinished.replace(file)
            except (OSError, write.Unwritable) as error:
                raise CommandError(_("%(file)s に書けません：%(error)s") % {"file": file, "error": error}) from error
            finally:
                unfinished.unlink(missing_ok=True)

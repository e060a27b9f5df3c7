import io
import json
import zipfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal import batches, revision
from portal.workbook.book import Book, Unusable
from portal.workbook.guard import MAX_FILE
from portal.workbook.read import read, read_folder

BAR = 30  # characters


class Command(BaseCommand):
    help = (
        "Load a workbook (XLSX, ODS, CSV, or a folder of CSV files): all of it, or nothing with every fault listed. "
        "The file is kept as a batch, which the admin shows and can take back. "
        "Exit status: 0 loaded or nothing to do, 1 faults or another writer in the way, 2 unusable file or arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only tell what would change")
        parser.add_argument(
            "--ignore-column",
            action="append",
            default=[],
            metavar="NAME",
            help="leave out columns of this heading, or the sheet of this name; may be given several times",
        )
        parser.add_argument(
            "--format", choices=["text", "json"], default="text", help="json: the whole report on standard output"
        )
        parser.add_argument("--reason", default="", help="why, for the readers of the list of changes")
        parser.add_argument(
            "--language",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="of messages",
        )

    def handle(self, *args: Any, language: str, **options: Any) -> None:
        with override(language):
            self._load(**options)

    def _load(
        self,
        *,
        file: Path,
        dry_run: bool,
        ignore_column: list[str],
        format: str,  # noqa: A002 - the option's name
        reason: str,
        verbosity: int,
        **options: Any,
    ) -> None:
        try:
            book, name, content = _opened(file)
        except OSError as error:
            said = _("%(file)s を読めません：%(error)s") % {"file": file, "error": error.strerror}
            raise CommandError(said, returncode=2) from error
        except Unusable as error:
            raise CommandError(str(error), returncode=2) from error
        change = None
        try:
            if dry_run:
                found = batches.planned(book, ignore_column, progress=self._progress(verbosity))
            else:
                found, change = batches.load(
                    book,
                    ignore_column,
                    file=(name, content),
                    progress=self._progress(verbosity),
                    about=name,
                    **_reasons(reason),
                )
        except revision.Busy as error:
            raise CommandError(str(error)) from error
        finally:
            self._show_progress("", verbosity)
        self._tell(found, is_loaded=change is not None, as_json=format == "json", verbosity=verbosity)

    def _tell(self, found: batches.Report, *, is_loaded: bool, as_json: bool, verbosity: int) -> None:
        """What became of the file. Raises `CommandError` for faults."""
        faults = [problem for problem in found.problems if problem["level"] == "error"]
        if as_json:
            said = {"sheets": found.sheets, "problems": found.problems}
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
        elif verbosity:
            for name, counts in found.sheets.items():
                line = _(
                    "%(name)s：追加 %(add)s、変更 %(change)s、変更なし %(unchanged)s、誤り %(error)s、注意 %(warning)s"
                )
                self.stdout.write(line % {"name": name, **counts})
            for problem in found.problems:
                if problem["level"] == "warning":
                    self.stdout.write(_("注意：%(problem)s") % {"problem": _line(problem)})
            if not faults:
                ends = _("取り込みました。") if is_loaded else _("何も書き込んでいません。")
                self.stdout.write(ends)
        if faults:
            heading = _("%(count)s 件の誤りがあります。何も読み込んでいません。") % {"count": len(faults)}
            raise CommandError("\n".join([heading, *([] if as_json else map(_line, faults))]))

    def _progress(self, verbosity: int) -> batches.Progress:
        def show(done: int, total: int) -> None:
            full = BAR * done // max(total, 1)
            self._show_progress(f"[{'#' * full}{'.' * (BAR - full)}] {100 * done // max(total, 1):3} %", verbosity)

        return show

    def _show_progress(self, text: str, verbosity: int) -> None:
        if verbosity and self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", style_func=str, ending="")
            self.stderr.flush()


def _line(problem: dict[str, Any]) -> str:
    return f"{problem['cell']}: {problem['message']}" if problem["cell"] else problem["message"]


def _opened(file: Path) -> tuple[Book, str, bytes]:
    """The book, and the name and the bytes to keep it by; of a folder the CSV files, in a ZIP."""
    if not file.is_dir():
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE + 1)  # one more than `read` takes: a larger one is not taken in whole
        return read(content, file.name), file.name, content
    book, contents = read_folder(file)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in contents.items():
            archive.writestr(name, held)
    return book, f"{file.resolve().name}.zip", packed.getvalue()


def _reasons(reason: str) -> dict[str, str]:
    """What readers are told, in both languages unless the caller says it."""
    if reason:
        return {"reason": reason}
    said = {}
    for language, key in (("ja", "reason"), ("en", "reason_en")):
        with override(language):
            said[key] = _("表計算ファイルを取り込み、公開する情報をその内容に合わせました。")
    return said

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal import datapackage, revision
from portal.journal import recording
from portal.models import ChangeKind, LoadedPackage


class Command(BaseCommand):
    help = "Load a data package (CSV files and datapackage.json): all of it, or nothing with every fault listed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--once", action="store_true", help="do nothing if this very package was loaded before")

    def handle(self, *args: Any, folder: Path, once: bool, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(_("フォルダー「%(folder)s」がありません。") % {"folder": folder})
        if once and LoadedPackage.objects.filter(digest=datapackage.digest(folder)).exists():
            self.stdout.write(_("このデータは読み込み済みです。"))
            return
        try:
            with recording(ChangeKind.LOAD, is_public=True, **_told(folder)):
                counts = datapackage.load(folder)
        except datapackage.Unloadable as error:
            heading = _("%(count)s 件の誤りがあります。何も読み込んでいません。") % {"count": len(error.faults)}
            raise CommandError(f"{heading}\n{error}") from error
        except revision.Busy as error:
            raise CommandError(str(error)) from error
        for name, count in counts.items():
            line = _("%(name)s：追加 %(added)s、変更 %(changed)s、変更なし %(unchanged)s")
            self.stdout.write(line % {"name": name, **count})


def _told(folder: Path) -> dict[str, Any]:
    """What readers are told of the load, in both languages: the package's own `title` and `description`.

    Where these cannot be read the load itself says what is wrong.
    """
    try:
        package = json.loads((folder / datapackage.DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        package = None
    says = package if isinstance(package, dict) else {}
    reasons = {}
    for language in ("ja", "en"):
        with override(language):
            reasons[language] = _("データパッケージを読み込み、公開する情報をその内容に合わせました。")
    return {
        "about": str(says.get("title") or folder.name)[:300],
        "about_en": str(says.get("title_en") or "")[:300],
        "reason": str(says.get("description") or reasons["ja"]),
        "reason_en": str(says.get("description_en") or ("" if says.get("description") else reasons["en"])),
    }

from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compile the .po files of this project. Unlike compilemessages it needs no gettext on the machine."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
                compiled = path.with_suffix(".mo")
                if not compiled.exists() or compiled.stat().st_mtime < path.stat().st_mtime:
                    polib.pofile(str(path)).save_as_mofile(str(compiled))

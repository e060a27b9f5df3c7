from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal import datapackage


class Command(BaseCommand):
    help = "Write every dataset into a folder as a data package; load_data reads it back, and the bytes are the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        datapackage.dump(folder)

"""What tests share. An undefined template variable and every warning fail a test, as they should fail a page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.utils.translation import activate

from portal import datapackage

# Examples have no deadline: the clock of a busy machine says nothing of the code.
hypothesis.settings.register_profile("portal", deadline=None)
hypothesis.settings.load_profile("portal")

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "fixtures" / "third-period"


class UndefinedVariable(AssertionError):
    pass


class _Loud(str):
    """What Django puts for an undefined variable: formatting it says which one it was."""

    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return item == "%s"

    def __mod__(self, variable: object) -> str:
        raise UndefinedVariable(f"undefined template variable: {variable}")


@pytest.fixture(autouse=True)
def _undefined_variables_fail() -> None:
    """For each test anew: one that changes DEBUG leaves another template engine behind."""
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)
    engine.engine.string_if_invalid = _Loud("%s")


@pytest.fixture(autouse=True, scope="session")
def _built() -> None:
    """Translations and static files as they are served."""
    call_command("compile_translations")
    call_command("collectstatic", "--no-input", "--verbosity", "0")


@pytest.fixture(autouse=True)
def _japanese() -> Iterator[None]:
    """A request for an English page leaves its thread English."""
    yield
    activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as it is served: in memory there is no WAL and no waiting for another writer."""
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture
def third_period(db: Any) -> None:
    """The real data."""
    datapackage.load(PACKAGE)


LEFT_OUT = pytest.StashKey[str]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where there is no browser the tests that need one are left out, in one line. In CI that is a failure."""
    missing = [tool for tool in ("chromium", "pdftotext") if shutil.which(tool) is None]
    browser = [item for item in items if item.get_closest_marker("browser")]
    for item in browser:
        item.add_marker("no_cover")
    if config.getoption("no_cov"):  # pytest-cov then has nothing to pause, and fails
        for item in items:
            item.own_markers = [mark for mark in item.own_markers if mark.name != "no_cover"]
    if browser and missing:
        if os.environ.get("CI"):
            pytest.exit(f"missing: {', '.join(missing)}", returncode=1)
        items[:] = [item for item in items if item not in browser]
        packages = "chromium fonts-noto-cjk poppler-utils"
        config.stash[LEFT_OUT] = f"{len(browser)} browser tests (apt install {packages})"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left_out = [config.stash.get(LEFT_OUT, "")]
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        left_out.append("the same suite on PostgreSQL (set DATABASE_URL, or run .ci/run)")
    if not os.environ.get("CI") and any(left_out):
        terminalreporter.write_line(f"left out: {'; '.join(filter(None, left_out))}")

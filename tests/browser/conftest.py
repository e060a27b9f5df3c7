"""A real browser before the real server: granian on a free port, with a database of its own, production's settings."""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg.conninfo import make_conninfo

from portal.datapackage import describe
from tests.conftest import PACKAGE, ROOT
from tests.live import live

FLAGS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def large_package(folder: Path) -> Path:
    """A past structure of 121 bodies: a ministry with 12 bureaus of nine divisions each."""
    folder.mkdir()
    codes = ["big", *(f"big-{b}" for b in range(12)), *(f"big-{b}-{d}" for b in range(12) for d in range(9))]
    rows = [("large", code, code.rpartition("-")[0], "0", "office", f"{code} 課", "big-slides") for code in codes]
    files: dict[str, list[tuple[str, ...]]] = {
        "sources": [("code", "title", "is_draft", "is_original_checked"), ("big-slides", "試験", "false", "true")],
        "structures": [
            ("code", "title", "status", "valid_from", "source", "evidence"),
            ("large", "大きな体制", "published", "2010-04-01", "big-slides", "printed"),
        ],
        "bodies": [("code",), *((code,) for code in codes)],
        "placements": [("structure", "body", "parent", "sort_order", "kind", "name", "source"), *rows],
    }
    for name, table in files.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(table)
    description = describe()
    description["resources"] = [each for each in description["resources"] if each["name"] in files]
    (folder / "datapackage.json").write_text(json.dumps(description), encoding="utf-8")
    return folder


def own_database(folder: Path) -> str:
    """The address of a fresh database of the kind that the tests run on."""
    default = settings.DATABASES["default"]
    if "sqlite" in default["ENGINE"]:
        return f"sqlite:///{folder / 'served.sqlite3'}"
    keys = {"USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    known = {argument: str(default[key]) for key, argument in keys.items() if default[key]}
    with psycopg.connect(make_conninfo(dbname="postgres", **known), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS portal_served")
        connection.execute("CREATE DATABASE portal_served")
    return f"postgres://{known['user']}:{known['password']}@{known['host']}:{known['port']}/portal_served"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, _built: None) -> Iterator[str]:
    """The address of a running portal with the third-period data and a large past structure."""
    folder = tmp_path_factory.mktemp("served")
    environment = os.environ | {"DATABASE_URL": own_database(folder), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    for command in (["migrate", "-v0"], ["load_data", str(PACKAGE)], ["load_data", str(large_package(folder / "big"))]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, capture_output=True
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    granian = shutil.which("granian", path=str(Path(sys.executable).parent))
    assert granian is not None
    command = [granian, "--interface", "wsgi", "--port", str(port), "--log-level", "warning", "portal.wsgi:application"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(100):
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=1).close()  # noqa: S310 - an address on this machine
                break
            except OSError:
                assert server.poll() is None, "the server did not start"
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def here(transactional_db: None) -> Iterator[str]:
    """The address of a portal in this process, whose clock and rows a test can reach."""
    with live() as host:
        yield f"http://{host}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Browser, served: str) -> Iterator[Page]:
    """A page that fails the test on any message of the console, any error, any request to another host."""
    page = browser.new_page(base_url=served, viewport={"width": 1440, "height": 900})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(served) else wrong.append(request.url))
    page.on(
        "response",
        lambda response: None if response.status < 400 else wrong.append(f"{response.url} {response.status}"),
    )
    yield page
    page.close()
    assert wrong == []

"""The portal served over real HTTP from the tests' own process, so that they reach its clock and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.test.testcases import LiveServerThread


@contextmanager
def live() -> Iterator[str]:
    """Its host and port, for tests that need no transaction around them; static files by WhiteNoise."""
    server = LiveServerThread("127.0.0.1", lambda handler: handler)  # type: ignore[arg-type]  # it is called
    server.daemon = True
    server.start()
    server.is_ready.wait()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.terminate()

"""The environment of the tests, set before the settings are read (pytest loads this as its first plugin).

The tests run with production's settings: nothing here turns DEBUG on.
"""

import os
import tempfile

os.environ.pop("DEBUG", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"
os.environ["STATIC_ROOT"] = tempfile.mkdtemp(prefix="portal-static-")
os.environ["LOCK_WAIT_SECONDS"] = "60"  # on a busy machine eight writers may wait for one another for long
os.environ["DB_POOL_SIZE"] = "12"  # the tests of concurrency hold one connection per writer
# Playwright's synchronous interface runs an event loop in the thread of the tests, which Django would take for async.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

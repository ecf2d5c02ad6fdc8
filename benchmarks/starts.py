"""Start of a web process: from launching Python to the answer of the first request, against a bare project.

Both are one command: import the WSGI module, call its application once with GET /healthz (SELECT 1 through the pool),
exit. The bare project has the same settings and INSTALLED_APPS, and a URL configuration of this one view. Taking turns,
twelve rounds; of each side the best counts, because whatever else runs on the machine only adds.
Told without a bound: a project that leaves out our own apps and has Django's and the libraries' alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.table import Row
from benchmarks.timing import Side, take_turns
from benchmarks.world import World

FACTOR, ROUNDS = 1.5, 12
ROOT = Path(__file__).parent.parent
FIRST_REQUEST = """
import io, sys
from importlib import import_module
application = import_module(sys.argv[1]).application
answered = []
environ = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/healthz", "SERVER_NAME": "localhost", "SERVER_PORT": "8000",
    "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
}
b"".join(application(environ, lambda status, headers: answered.append(status)))
sys.exit(answered != ["200 OK"])
"""


def rows(built: World) -> Iterator[Row]:
    portal = Side(lambda: _start("portal.wsgi", "benchmarks.settings", PORTAL_URLS="portal.urls"))
    same_apps = Side(lambda: _start("benchmarks.bare_project.wsgi", "benchmarks.bare_project.settings"))
    libraries = Side(lambda: _start("benchmarks.bare_project.wsgi", "benchmarks.bare_project.libraries"))
    take_turns(portal, same_apps, libraries, rounds=ROUNDS, warm=0, inner=1)
    own, bare, least = (min(side.seconds) for side in (portal, same_apps, libraries))
    note = f"{own:.2f} s / {bare:.2f} s"
    yield Row("web process start / bare project, same apps", own / bare, FACTOR, note=note)
    yield Row("web process start / libraries alone", own / least, note=f"{own:.2f} s / {least:.2f} s")


def _start(module: str, settings: str, **more: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings, **more}
    command = [sys.executable, "-c", FIRST_REQUEST, module]
    subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)

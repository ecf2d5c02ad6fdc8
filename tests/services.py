"""Private services for the suite: `--db postgres` starts a PostgreSQL, `--redis` a Redis, both on sockets in a temporary folder.

A plugin, because the environment must be set before pytest-django reads the settings. Nothing is left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

_running: list[subprocess.Popen] = []
_folder: Path | None = None


def pytest_addoption(parser):
    parser.addoption("--db", choices=["sqlite", "postgres"], default="sqlite", help="database of this run")
    parser.addoption("--redis", action="store_true", help="start a private Redis")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config, parser, args):
    if os.environ.get("PYTEST_XDIST_WORKER"):
        # The database is one server with a database for each; what empties a Redis empties all of it, so each has its own.
        _start(postgres=False, redis="REDIS_URL" in os.environ)
        return
    known = parser.parse_known_args(args)
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in the test thread
    if known.db == "postgres" or known.redis:
        _start(postgres=known.db == "postgres", redis=known.redis)


def pytest_unconfigure(config):
    stop()


def _start(*, postgres: bool, redis: bool) -> None:
    global _folder
    _folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    _folder.chmod(0o755)
    if postgres:
        os.environ["DATABASE_URL"] = start_postgres(_folder)
    if redis:
        os.environ["REDIS_URL"] = start_redis(_folder)


def postgres_bin(name: str) -> str:
    """Path of a PostgreSQL program: Debian keeps the server's programs out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(found[0]) if found else shutil.which(name) or name


def start_postgres(folder: Path) -> str:
    """Start a throw-away cluster and return its DATABASE_URL. As root it runs as the system user `postgres`."""
    data, sockets = folder / "pg", folder / "pgsock"
    data.mkdir()
    sockets.mkdir(mode=0o755)
    who: dict = {}
    if os.getuid() == 0:
        who = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(data, "postgres", "postgres")
        shutil.chown(sockets, "postgres", "postgres")
    subprocess.run(
        [
            postgres_bin("initdb"),
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--locale=C.UTF-8",
            "-E",
            "UTF8",
            "--no-sync",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        **who,
    )
    options = [
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "listen_addresses=",
        f"unix_socket_directories={sockets}",
        "max_connections=60",
    ]
    server = subprocess.Popen(
        [postgres_bin("postgres"), "-D", data, *[part for option in options for part in ("-c", option)]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        **who,
    )
    _running.append(server)
    _wait(lambda: (sockets / ".s.PGSQL.5432").exists(), server)
    ready = [postgres_bin("pg_isready"), "-q", "-h", str(sockets), "-U", "postgres"]
    _wait(lambda: subprocess.run(ready, check=False).returncode == 0, server)
    return f"postgres://postgres@/postgres?host={sockets}"


def start_redis(folder: Path) -> str:
    socket = folder / "redis.sock"
    server = subprocess.Popen(
        [
            "redis-server",
            "--port",
            "0",
            "--unixsocket",
            socket,
            "--unixsocketperm",
            "777",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        ],
        stdout=subprocess.DEVNULL,
    )
    _running.append(server)
    _wait(socket.exists, server)
    return f"redis+socket://{socket}"


def _wait(ready, server: subprocess.Popen) -> None:
    end = time.monotonic() + 20
    while not ready():
        if server.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{server.args[0]} did not start")
        time.sleep(0.02)


def stop() -> None:
    for server in _running:
        server.send_signal(signal.SIGINT)  # for PostgreSQL: fast shutdown, without waiting for open connections
    for server in _running:
        server.wait(timeout=20)
    _running.clear()
    if _folder:
        shutil.rmtree(_folder, ignore_errors=True)

"""The API keeps its published schema: generated requests, right and wrong, against the real server.

PostgreSQL, Redis, granian and a partner with a consented enterprise behind it. Every answer must have a status,
headers and a body that the schema names, and no request may be a server error.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests import factories
from tests.test_api import PROFILE, Api, consent, need

pytestmark = [pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]
HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


@pytest.fixture
def server(transactional_db, tmp_path):
    """The web process as in production, on the test database."""
    host = connection.settings_dict["OPTIONS"]["host"]
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgres://postgres@/{connection.settings_dict['NAME']}?host={host}",
        "REDIS_URL": settings.REDIS_URL,
        "API_RATE": "100000/min",
        "MEDIA_ROOT": str(tmp_path),
    }
    log, port = tmp_path / "log", free_port()
    command = [BIN / "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--blocking-threads", "4", "portal.wsgi:application"], env=environment, stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/healthz", process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + 30
    while True:
        assert process.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.1)


@pytest.fixture
def partner(transactional_db):
    """A partner's client whose enterprise has consented, so that requests get as far as the domain."""
    factories.load_defaults()
    founder = factories.legal_rep()
    actor, row = factories.partner_client()
    api = Api(actor, row)
    consent(api, founder)
    code = founder.enterprise.uscc
    api("PUT", f"enterprises/{code}/", {"uscc": code, **PROFILE})
    return api, code


def test_generated_requests_and_answers_fit_the_schema(server, partner, tmp_path):
    api, code = partner
    application = api("POST", "applications/", need(code)).json()["reference"]
    contact = {"contact_name": "林一帆", "contact_phone": "13800138000"}
    referral = api("POST", "referrals/", {"uscc": code, "name": "北京示例科技有限公司", **contact}).json()["id"]
    done = subprocess.run(
        [BIN / "st", "--config-file", HERE / "schemathesis.toml", "run", f"{server}/api/v1/schema/", "--no-color"],
        env={
            **os.environ,
            "BASE_URL": server,
            "API_TOKEN": api.token,
            "APPLICATION": application,
            "REFERRAL": referral,
            "USCC": code,
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "Tested: 16" in done.stdout

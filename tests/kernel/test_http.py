"""The outgoing client and the HTTP adapters against a local server: answers, 404, 500, garbage, silence."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.cache import cache

from accounts.integrations.business_registry import HttpRegistry, LocalRegistry
from accounts.integrations.identity import HttpIdentity, LocalIdentity
from accounts.integrations.sms import HttpSms
from accounts.models import RegistryRecord
from applications.integrations.sources import KEYS, HttpSource, LocalSource
from portal.kernel.crypto import blind_index
from portal.kernel.errors import TransientError
from portal.kernel.http import OPEN_AFTER, call_json
from tests.factories import LEGAL_REP_ID

USCC = "91110108551385082Q"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen += 1
        mode = self.server.mode
        if mode == "silent":
            time.sleep(5)
            return
        status = {"404": 404, "500": 500}.get(mode, 200)
        if mode in ("short", "gzip"):
            self.send_response(200)
            self.send_header("Content-Length", "100")
            if mode == "gzip":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(b"{}" if mode == "short" else b"not gzip" * 12 + b"xxxx")
            self.close_connection = True
            return
        body = {"garbage": b"<html>", "list": b"[]", "big": b'{"a":"' + b"x" * 300_000 + b'"}'}.get(mode)
        if body is None:
            body = json.dumps(self.server.answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *args):
        pass


@pytest.fixture
def remote():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.mode, server.answer, server.seen = "ok", {}, 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("mode", ["500", "garbage", "list", "big", "short", "gzip"])
def test_unusable_answer_is_source_down(remote, mode):
    remote.mode = mode
    with pytest.raises(TransientError) as error:
        call_json("GET", remote.url)
    assert error.value.code == "source_down"


def test_silent_source_is_given_up(remote, monkeypatch):
    monkeypatch.setattr("portal.kernel.http.TIMEOUT", (0.2, 0.2))
    remote.mode = "silent"
    with pytest.raises(TransientError):
        call_json("GET", remote.url)


def test_breaker_stops_asking_a_dead_source(remote):
    remote.mode = "500"
    for _ in range(OPEN_AFTER + 3):
        with pytest.raises(TransientError):
            call_json("POST", remote.url, payload={})
    assert remote.seen == OPEN_AFTER
    cache.clear()
    remote.mode = "ok"
    assert call_json("GET", remote.url) == {}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["local", "http"])
def test_registry_adapters_keep_one_contract(remote, kind):
    profile = {"established_on": "2010-01-01", "district_code": "110108", "industry_code": "C39"}
    if kind == "local":
        RegistryRecord.objects.create(uscc=USCC, name="小米科技", legal_rep_name="某", profile=profile)
        adapter = LocalRegistry()
    else:
        remote.answer = {"name": "小米科技", "profile": {**profile, "evil": {"a": 1}}}
        adapter = HttpRegistry(remote.url, "t")
    found = adapter.lookup(USCC)
    assert (found.uscc, found.name, found.profile) == (USCC, "小米科技", profile)
    if kind == "local":
        RegistryRecord.objects.all().delete()
    else:
        remote.mode = "404"
    assert adapter.lookup(USCC) is None


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["local", "http"])
def test_identity_adapters_keep_one_contract(remote, kind):
    if kind == "local":
        RegistryRecord.objects.create(
            uscc=USCC, name="x", legal_rep_name="林一帆", legal_rep_id_index=blind_index(LEGAL_REP_ID, "id")
        )
        adapter = LocalIdentity()
    else:
        adapter = HttpIdentity(remote.url, "t")
    remote.answer = {"match": True}
    assert adapter.is_legal_rep(uscc=USCC, name="林一帆", id_number=LEGAL_REP_ID) is True
    remote.answer = {"match": "yes"}
    assert adapter.is_legal_rep(uscc=USCC, name="王五", id_number=LEGAL_REP_ID) is False


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["local", "http"])
def test_source_adapters_keep_one_contract(remote, kind):
    if kind == "local":
        RegistryRecord.objects.create(uscc=USCC, name="x", legal_rep_name="某", tax={"tax_grade": "A"})
        adapter = LocalSource("tax")
    else:
        remote.answer = {"tax_grade": "A", "secret": 1}
        adapter = HttpSource(remote.url, "t", KEYS["tax"])
    assert adapter.fetch(USCC) == {"tax_grade": "A"}


def test_sms_gateway_that_refuses_is_transient(remote):
    remote.mode = "500"
    with pytest.raises(TransientError):
        HttpSms(remote.url, "t").send("+8613800138000", "x")

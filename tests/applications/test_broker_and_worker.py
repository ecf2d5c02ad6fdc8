"""Faults of the machinery: a broker that refuses or is silent, a worker killed in mid-task."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection

from applications.domain import submission
from applications.models import Screening
from portal.kernel import jobs
from portal.kernel.models import Event, QueuedJob
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db):
    factories.load_defaults()
    return factories.legal_rep()


def dead_app(port: int) -> Celery:
    """The portal's own broker settings, pointed at a broker that is not one."""
    app = Celery("dead", broker=f"redis://127.0.0.1:{port}/0", set_as_current=False)
    app.conf.update(
        broker_transport_options=settings.REDIS_TRANSPORT_OPTIONS,
        broker_connection_timeout=settings.CELERY_BROKER_CONNECTION_TIMEOUT,
        task_publish_retry=settings.CELERY_TASK_PUBLISH_RETRY,
    )
    return app


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_submit_answers_without_a_broker_and_is_screened_once_it_is_back(world, monkeypatch, kind):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    if kind == "silent":
        listener.listen(64)
    application = factories.draft(world)
    monkeypatch.setattr(jobs, "celery_app", dead_app(listener.getsockname()[1]))
    done = threading.Event()

    def submit():
        from django.db import connections

        submission.submit(application_id=application.pk, actor=world.actor)
        connections.close_all()
        done.set()

    thread = threading.Thread(target=submit, daemon=True)
    thread.start()
    # A hang, not a speed: by default a silent broker holds the request for more than 25 seconds.
    assert done.wait(10)
    listener.close()
    application.refresh_from_db()
    assert application.status == "submitted"
    back: list[int] = []
    monkeypatch.setattr(jobs, "send", back.append)
    assert jobs.sweep(at_start=True) == 2
    for number in back:
        jobs.run(number)
    application.refresh_from_db()
    assert application.status == "screened"
    assert Screening.objects.count() == 1


class SlowOnce(BaseHTTPRequestHandler):
    """A tax source whose first answer takes long enough to kill the worker meanwhile."""

    def do_GET(self):
        self.server.asked.set()
        if self.server.slow:
            self.server.slow = False
            time.sleep(2.5)
        body = b'{"tax_grade": "A"}'
        try:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture
def tax_source():
    server = ThreadingHTTPServer(("127.0.0.1", 0), SlowOnce)
    server.slow, server.asked = True, threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def start_worker(tax_source, tmp_path):
    """Real Celery prefork workers on the test database."""
    running = []

    def start() -> subprocess.Popen:
        host = (
            connection.settings_dict["OPTIONS"]["host"]
            if "host" in connection.settings_dict["OPTIONS"]
            else connection.settings_dict["HOST"]
        )
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://postgres@/{connection.settings_dict['NAME']}?host={host}",
            "TAX_ADAPTER": "http",
            "TAX_URL": f"http://127.0.0.1:{tax_source.server_address[1]}",
        }
        log = tmp_path / f"worker{len(running)}.log"
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "portal",
            "worker",
            "--pool",
            "prefork",
            "--concurrency",
            "2",
            "--loglevel",
            "INFO",
        ]
        with log.open("wb") as out:
            worker = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        running.append(worker)
        wait_for(lambda: b"ready." in log.read_bytes(), log)
        return worker

    yield start
    for worker in running:
        if worker.poll() is None:
            worker.terminate()
            worker.wait(20)


def wait_for(condition, log=None, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, log.read_text() if log else "did not happen"
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    out = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in out.split()]


def is_screened(application) -> bool:
    application.refresh_from_db()
    return application.status == "screened"


def screened_exactly_once(application) -> None:
    assert Screening.objects.filter(application=application).count() == 1
    assert Event.objects.filter(stream=application.reference, type="application.screened").count() == 1


@pytest.mark.postgres
@pytest.mark.worker
def test_pool_process_killed_in_mid_screening(world, start_worker, tax_source):
    worker = start_worker()
    application = factories.submitted(world)
    assert tax_source.asked.wait(20)
    for child in children(worker.pid):
        os.kill(child, signal.SIGKILL)
    wait_for(lambda: is_screened(application))
    screened_exactly_once(application)


@pytest.mark.postgres
@pytest.mark.worker
def test_whole_worker_killed_in_mid_screening(world, start_worker, tax_source):
    worker = start_worker()
    application = factories.submitted(world)
    assert tax_source.asked.wait(20)
    for pid in (*children(worker.pid), worker.pid):
        os.kill(pid, signal.SIGKILL)
    worker.wait(10)
    start_worker()
    assert QueuedJob.objects.filter(finished_at=None).exists()
    jobs.sweep(at_start=True)
    wait_for(lambda: is_screened(application))
    screened_exactly_once(application)

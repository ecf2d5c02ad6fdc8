"""The whole portal in one process: cheroot serves, a Celery solo worker and beat run in threads.

Not eager mode: countdown, expiry and retries behave as in production. What was pending when the process died is
swept up at start. Ctrl-C and SIGTERM finish the request and the job in flight.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

from celery.beat import EmbeddedService
from celery.worker import WorkController
from cheroot.wsgi import Server
from django.core.wsgi import get_wsgi_application

from portal.celery import app as celery_app
from portal.kernel import jobs


class PortTaken(Exception):
    """Something else listens on the port."""


def serve(*, host: str, port: int, on_ready: Callable[[], None]) -> None:
    """Serve until a signal comes. Raises PortTaken before anything else is started."""
    server = Server((host, port), get_wsgi_application(), numthreads=8, request_queue_size=256, shutdown_timeout=10)
    try:
        server.prepare()
    except OSError as error:
        raise PortTaken(f"{host}:{port}") from error
    _handle_signals()
    worker = _Worker()
    # The schedule stays in memory: everything on it may run late and may run twice.
    beat = EmbeddedService(celery_app, thread=True, scheduler_cls="celery.beat:Scheduler")
    try:
        worker.start()
        beat.start()
        jobs.sweep(at_start=True)
        on_ready()
        server.serve()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
        beat.stop()
        worker.stop()


class _Worker:
    """A solo worker in a thread. The controller is made inside the thread and installs no signal handlers."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.controller: WorkController | None = None
        self.thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def _run(self) -> None:
        self.controller = WorkController(
            app=celery_app,
            pool_cls="solo",
            concurrency=1,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
            ready_callback=lambda _consumer: self.ready.set(),
        )
        self.controller.start()

    def start(self) -> None:
        self.thread.start()
        if not self.ready.wait(20):
            raise RuntimeError("the worker thread did not start")

    def stop(self) -> None:
        if self.controller is None:
            return
        stopper = threading.Thread(target=self.controller.stop, daemon=True)
        stopper.start()
        stopper.join(10)


def _handle_signals() -> None:
    seen = 0

    def handle(number: int, _frame: object) -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            os._exit(128 + number)
        sys.stderr.write("\nstopping …\n")
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)

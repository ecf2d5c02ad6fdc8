"""Chromium on a live server, with a real worker behind it. Every page passes axe, the console and the width check."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connection
from playwright.sync_api import sync_playwright

from tests import factories

SHOTS = os.environ.get("SHOTS")  # a folder: keep a picture of every page looked at


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_files(tmp_path_factory):
    """Where the site keeps files and the worker finds them."""
    return str(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def worker(django_db_setup, shared_files, tmp_path_factory):
    """One Celery worker for all flows, on the test database."""
    if not settings.REDIS_URL:
        pytest.skip("flows need --db postgres --redis")
    log = tmp_path_factory.mktemp("worker") / "log"
    host = connection.settings_dict["OPTIONS"]["host"]
    database = f"postgres://postgres@/{connection.settings_dict['NAME']}?host={host}"
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "MEDIA_ROOT": shared_files,
        "COLUMNAR_DIR": f"{shared_files}/columnar",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "portal", "worker", "--concurrency", "1", "--loglevel", "INFO"],
            env=environment, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while b"ready." not in log.read_bytes():
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(20)


class Visitor:
    """A person at a browser. `look()` is called on every page: accessibility, console, no sideways scroll."""

    def __init__(self, browser, base: str, width: int = 1280) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, base_url=base)
        self.page = self.context.new_page()
        self.width = width
        self.console: list[str] = []
        self.page.on("console", lambda m: self.console.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.console.append(str(e)))

    def look(self, name: str) -> None:
        self.page.wait_for_load_state("networkidle")
        problems = Axe().run(self.page).response["violations"]
        found = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in problems]
        assert found == [], (name, self.page.url, found)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, (name, "scrolls sideways", wide)
        quiet = [line for line in self.console if "422" not in line and "401" not in line]
        assert quiet == [], (name, quiet)
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SHOTS}/{name}-{self.width}.png", full_page=True)

    def go(self, path: str, name: str) -> None:
        self.page.goto(path)
        self.look(name)

    def press(self, text: str) -> None:
        button = self.page.get_by_role("button", name=text).first
        if not button.evaluate("e => e.closest('.kc-scroll')"):  # wide tables scroll by themselves
            box = button.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= self.width, (text, "lies off the screen", box)
        button.click()
        self.page.wait_for_load_state()

    def sign_in(self, email: str) -> None:
        self.page.goto("/accounts/login/")
        self.page.fill("#id_login", email)
        self.page.fill("#id_password", "demo-Pass-2026")
        self.press("登录")


@pytest.fixture
def visitor(chromium, live_server):
    made: list[Visitor] = []

    def make(width: int = 1280) -> Visitor:
        made.append(Visitor(chromium, live_server.url, width))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.fixture
def world(transactional_db, worker, shared_files, live_server, settings):
    """A fresh installation behind the live server."""
    settings.MEDIA_ROOT = shared_files
    settings.SITE_URL = live_server.url
    factories.load_defaults()

"""Production refuses to start with anything of the demonstration; health pages."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from portal.checks import production_is_safe
from tests import factories


@pytest.fixture
def production(settings):
    settings.DEMO = False
    settings.SECRET_KEY = settings.BLIND_INDEX_KEY = settings.EVENT_SIGNING_KEY = "x" * 60
    settings.FIELD_KEYS = ["bm90LXRoZS1kZW1vLWtleS0wMTIzNDU2Nzg5YWJjZGU="]
    settings.SOURCES = {n: {"adapter": "http", "url": "https://bank.example/x", "token": ""} for n in settings.SOURCES}
    settings.FILE_SCANNER = "clamd"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.STAFF_NEEDS_SECOND_FACTOR = True
    settings.IS_POSTGRES, settings.REDIS_URL = True, "redis://redis.bank.example/0"
    return settings


@pytest.mark.django_db
def test_a_complete_production_has_no_errors(production):
    assert production_is_safe() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("SECRET_KEY", settings.DEFAULT_SECRET, "portal.E001"),
        ("BLIND_INDEX_KEY", settings.DEFAULT_SECRET, "portal.E001"),
        ("FIELD_KEYS", [settings.DEFAULT_FIELD_KEY], "portal.E002"),
        ("FILE_SCANNER", "builtin", "portal.E004"),
        ("FILE_SCANNER", "clamav", "portal.E004"),
        ("SECRET_KEY", "short", "portal.E001"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend", "portal.E007"),
        ("STAFF_NEEDS_SECOND_FACTOR", False, "portal.E008"),
        ("IS_POSTGRES", False, "portal.E009"),
    ],
)
def test_each_demonstration_setting_is_refused(production, name, value, error):
    setattr(production, name, value)
    assert [e.id for e in production_is_safe()] == [error]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("source", "error"),
    [
        ({"adapter": "local", "url": ""}, "portal.E003"),
        ({"adapter": "http", "url": ""}, "portal.E006"),
        ({"adapter": "HTTP", "url": "https://x"}, "portal.E003"),
    ],
)
def test_each_source_must_be_real(production, source, error):
    production.SOURCES = {**production.SOURCES, "tax": {**source, "token": ""}}
    assert [e.id for e in production_is_safe()] == [error]


@pytest.mark.django_db
def test_an_active_demo_login_is_refused(production):
    factories.user("founder@demo.example", is_demo=True)
    assert [e.id for e in production_is_safe()] == ["portal.E005"]


@pytest.mark.django_db
def test_demonstration_is_not_served_to_the_world(settings):
    settings.ALLOWED_HOSTS = ["portal.bank.example"]
    assert [e.id for e in production_is_safe()] == ["portal.E010"]


@pytest.mark.parametrize("role", ["worker", "beat"])
def test_worker_and_beat_do_not_start_with_defaults(tmp_path, role):
    environment = {
        **os.environ,
        "PORTAL_MODE": "production",
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3",
        "REDIS_URL": "",
    }
    command = [sys.executable, "-m", "celery", "-A", "portal", role]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode != 0
    assert "portal.E001" in run.stderr + run.stdout


def test_web_process_does_not_start_with_defaults(tmp_path):
    environment = {**os.environ, "PORTAL_MODE": "production", "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"}
    run = subprocess.run(
        [sys.executable, "-c", "import portal.wsgi"], env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode != 0
    assert "portal.E001" in run.stderr


@pytest.mark.django_db
def test_health_is_public_and_readiness_is_for_staff():
    assert Client().get("/healthz").json() == {"status": "ok"}
    assert Client().get("/readyz").status_code == 404
    staff = Client()
    staff.force_login(factories.user(is_staff=True), backend="django.contrib.auth.backends.ModelBackend")
    assert staff.get("/readyz").json()["jobs_open"] == 0

"""Fixtures of the whole suite. Factories build rows; what people do goes through the domain."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.cache import cache

from portal.kernel import jobs
from tests import factories


def pytest_collection_modifyitems(config, items):
    """Tests that need what this run has not are left out loudly, never silently passed."""
    postgres = config.getoption("db") == "postgres"
    redis = config.getoption("redis")
    for item in items:
        if item.get_closest_marker("postgres") and not postgres:
            item.add_marker(pytest.mark.skip(reason="needs --db postgres"))
        if item.get_closest_marker("worker") and not redis:
            item.add_marker(pytest.mark.skip(reason="needs --redis"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    # Flushing tables would hit the append-only triggers; the tests of the triggers install them themselves.
    settings.INSTALL_TRIGGERS = False


@pytest.fixture(autouse=True)
def _surroundings(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    settings.COLUMNAR_DIR = str(tmp_path / "columnar")
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "accounts.hashers.MachineSecretHasher",
    ]
    settings.EMAIL_BACKEND = "accounts.integrations.mail.OutboxEmailBackend"
    cache.clear()
    jobs._quiet_until = 0.0


@pytest.fixture
def sent(monkeypatch):
    """Jobs handed to the broker in this test, by number; nothing reaches a broker."""
    numbers: list[int] = []
    monkeypatch.setattr("portal.kernel.jobs.send", numbers.append)
    return numbers


@pytest.fixture
def run_jobs(sent, django_capture_on_commit_callbacks):
    """Run every open job to its end, as the worker would."""
    from portal.kernel import jobs
    from portal.kernel.models import QueuedJob

    def run() -> int:
        done = 0
        while row := QueuedJob.objects.filter(finished_at=None, parked_at=None).order_by("pk").first():
            with django_capture_on_commit_callbacks(execute=True):
                jobs.run(row.pk)
            row.refresh_from_db()
            assert row.finished_at, f"{row.name} did not finish: {row.error}"
            done += 1
        return done

    return run


@pytest.fixture
def defaults(db):
    """Products, policies, registers and consent texts of a fresh installation."""
    factories.load_defaults()


@pytest.fixture
def founder(defaults):
    """A verified legal representative with an enterprise that registers and sources know."""
    return factories.legal_rep()


@pytest.fixture
def bankers(defaults):
    return factories.bankers()

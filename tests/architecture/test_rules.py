"""Rules of the house that a machine can keep."""

import ast
import base64
import hashlib
import importlib.metadata
import inspect
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from accounts.enums import Job as AccountJob
from applications.enums import Job as ApplicationJob
from portal.celery import app as celery_app
from portal.kernel import jobs
from portal.kernel.immutability import APPEND_ONLY
from products.enums import Job as ProductJob
from products.lifecycle import CREDIT, SERVICE

ROOT = Path(settings.BASE_DIR)
SOURCES = [
    p
    for app in ("portal", "accounts", "products", "applications")
    for p in (ROOT / app).rglob("*.py")
    if "migrations" not in p.parts
]
TEMPLATES = list((ROOT / "templates").rglob("*.html"))


def test_only_move_writes_a_status():
    """No assignment to `.status` and no `status=` in update() outside the lifecycle; bulk sample data is the one exception."""
    allowed = {"portal/kernel/lifecycle.py", "applications/management/bulk.py"}
    found = []
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            names = [t for target in targets for t in ast.walk(target) if isinstance(t, ast.Attribute)]
            is_update = (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update"
            )
            if any(t.attr == "status" for t in names) or (is_update and any(k.arg == "status" for k in node.keywords)):
                found.append(name)
    assert set(found) <= allowed, found


def test_every_job_is_registered():
    assert set(jobs.registry) >= {str(j) for j in (*AccountJob, *ApplicationJob, *ProductJob)}


def test_enqueued_arguments_bind_to_their_job():
    """Every enqueue(Job.X, key=…, a=…) in the code names just the arguments of the function registered for X."""
    by_name = {str(j): j for j in (*AccountJob, *ApplicationJob, *ProductJob)}
    seen = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "enqueue":
                member = node.args[0].attr
                job = next(j for j in by_name.values() if j.name == member)
                given = {k.arg for k in node.keywords} - {"key"}
                inspect.signature(jobs.registry[job]).bind(**dict.fromkeys(given))
                seen.add(job)
    assert seen == set(by_name.values())


def test_beat_entries_name_registered_tasks():
    celery_app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(celery_app.tasks)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_template_has_no_inline_script_or_style(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|<script(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_module_is_not_too_long(path):
    assert path.read_text(encoding="utf-8").count("\n") <= 420


def test_append_only_tables_exist():
    assert set(APPEND_ONLY) <= {model._meta.db_table for model in apps.get_models()}


def test_every_public_domain_function_has_a_docstring_or_a_plain_name():
    bare = []
    for app in ("accounts", "products", "applications"):
        for path in (ROOT / app / "domain").glob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                is_public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
                if is_public and len(node.body) > 6 and not ast.get_docstring(node):
                    bare.append(f"{path.name}:{node.name}")
    assert bare == []


def test_vendored_bootstrap_is_the_published_one():
    """The wrapper package ships the files that Bootstrap 5.3.8 publishes, by their subresource-integrity hashes."""
    folder = Path(find_spec("bootstrap").submodule_search_locations[0])
    published = {
        "css/bootstrap.min.css": "sRIl4kxILFvY47J16cr9ZwB07vP4J8+LH7qKQnuqkuIAvNWLzeN8tE5YBujZqJLB",
        "js/bootstrap.bundle.min.js": "FKyoEForCGlyvwx9Hj09JcYn3nv7wiPVlz7YYwJrWVcXK/BmnVDxM+D2scQbITxI",
    }
    for name, expected in published.items():
        assert base64.b64encode(hashlib.sha384((folder / name).read_bytes()).digest()).decode() == expected


def test_no_dependency_is_under_agpl():
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.txt").read_text(), re.M)
    assert len(pinned) > 40
    bad = []
    for name in pinned:
        try:
            meta = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another platform
        words = " ".join(
            [meta.get("License-Expression") or meta.get("License") or "", *(meta.get_all("Classifier") or [])]
        )
        if re.search(r"AGPL|Affero", words):
            bad.append(name)
    assert bad == []


def test_requirements_are_pinned_with_hashes_and_name_no_registry():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "http" not in text
        for block in re.split(r"\n(?=[A-Za-z0-9])", text):
            if re.match(r"[A-Za-z0-9]", block):
                assert "==" in block, block
                assert "--hash=sha256:" in block, block


@pytest.mark.parametrize("table", [CREDIT, SERVICE], ids=lambda t: t.name)
def test_every_status_can_be_reached_and_left_or_is_an_end(table):
    reached = {"draft"} | {m.target for m in table.moves}
    assert reached == {s.code for s in table.statuses}
    ends = {s.code for s in table.statuses if not any(s.code in m.sources for m in table.moves)}
    assert not any(s.is_open for s in table.statuses if s.code in ends)


def test_lifecycle_diagram_in_docs_is_the_table():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for move in CREDIT.moves:
        for source in move.sources:
            assert f"{source} --> {move.target}: {move.name}" in text, (source, move.name)


def test_every_third_party_import_is_asked_for_by_name():
    """What the code imports stands in requirements.in itself, not only behind another package."""
    distributions = importlib.metadata.packages_distributions()
    asked = {
        re.split(r"[\[=<>]", line)[0].strip().lower().replace("_", "-")
        for line in (ROOT / "requirements.in").read_text().splitlines()
    }
    own = {"portal", "accounts", "products", "applications"}
    missing = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                top = name.partition(".")[0]
                packages = {d.lower().replace("_", "-") for d in distributions.get(top, [])}
                # Celery brings kombu, urllib3 comes with requests, structlog with django-structlog: one family each.
                if top not in own and packages and not packages & (asked | {"kombu", "urllib3", "structlog"}):
                    missing.add(name)
    assert missing == set()


def test_every_feature_in_docs_names_a_test_that_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "features.md").read_text())
    assert len(named) > 50
    missing = [(file, name) for file, name in named if f"def {name}(" not in (ROOT / file).read_text()]
    assert missing == []


def test_web_process_starts_without_what_only_workers_need():
    code = "import portal.wsgi, sys; print([m for m in ('polars',) if m in sys.modules])"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr

"""Two databases of the same content, one with a tenth of the applications of the other, and the people who look at them.

Both stand in one PostgreSQL: `small` is seeded with N/10 enterprises and applications, the demonstration and the people
below; `large` is a copy of it, seeded on to N. A session opened in one is therefore good in both.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import psycopg
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.enums import Role, VerifiedBy
from accounts.models import Banker, Consent, ConsentText, Membership, Partner, User
from applications.domain import submission
from applications.management import bulk, demo
from applications.management.synthetic import demo_uscc
from applications.models import Application
from portal.kernel import jobs
from portal.kernel.clock import now
from tests import factories

SMALL, LARGE = "small", "large"
FIRST_NUMBER = 500_000  # credit codes of the firms made here; the seed stays below
LIST_ROWS = 21  # of the applicant with many firms: a full page and a next one
PARTNER_ROWS = 1000
WAITING = 60
RANGE = 10_000_000
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class World:
    count: int
    reviewer: User
    applicant: User
    partner: Partner


def use(name: str) -> None:
    """Let this process work in another of the databases."""
    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.close_pool()
        connection.settings_dict["NAME"] = name


def _sql(statement: str) -> None:
    """Run a statement outside any transaction and any of the two databases."""
    with psycopg.connect(host=os.environ["BENCH_SOCKETS"], user="postgres", autocommit=True) as other:
        other.execute(statement)


def build(count: int) -> World:
    _sql(f"CREATE DATABASE {SMALL}")
    use(SMALL)
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("setup_defaults", verbosity=0)
    demo.build()
    bulk.seed(count // 10, progress=lambda _: None)
    world = World(count, _reviewer(), _applicant_of_many(), _partner())
    _wait_for_screening()
    _vacuum()
    connection.close()
    connection.close_pool()
    _sql(f"CREATE DATABASE {LARGE} TEMPLATE {SMALL}")
    use(LARGE)
    bulk.seed(count, progress=lambda _: None)
    _vacuum()
    return world


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _reviewer() -> User:
    """The demonstration's reviewer, with the second factor that production asks for."""
    user = Banker.objects.get(role="reviewer").user
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    return user


def _applicant_of_many() -> User:
    """A person who acts for many firms: their list of applications fills a page."""
    user = User.objects.create_user(email="many@bench.example", password=None, name="多企业经办人")
    firms = Application.objects.filter(reference__contains="-B").order_by("pk")[:LIST_ROWS]
    Membership.objects.bulk_create(
        Membership(
            user=user, enterprise_id=a.enterprise_id, role=Role.AGENT, verified_at=now(), verified_by=VerifiedBy.BANKER
        )
        for a in firms
    )
    return user


def _partner() -> Partner:
    """The demonstration's incubator, with a thousand consented applications of its own."""
    partner = Partner.objects.get()
    rows = list(Application.objects.filter(reference__contains="-B").order_by("-pk")[:PARTNER_ROWS])
    Application.objects.filter(pk__in=[a.pk for a in rows]).update(partner=partner)
    text = ConsentText.objects.filter(kind="partner").first()
    giver = User.objects.get(email="founder@demo.example")
    Consent.objects.bulk_create(
        Consent(
            enterprise_id=a.enterprise_id, text=text, kind="partner", partner=partner, given_by=giver, given_at=now()
        )
        for a in rows
    )
    return partner


def _wait_for_screening() -> None:
    """Some cases that stay with the machine, so that this queue has rows too."""
    with held_jobs():
        for number in range(WAITING):
            submitted(number)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def applicant_with_draft(number: int) -> tuple[factories.Applicant, Application]:
    """A new firm with its legal representative and a complete draft of 招捷贷."""
    firm = factories.enterprise(uscc=demo_uscc(FIRST_NUMBER + number), name=f"北京测量{number}科技有限公司")
    person = User.objects.create_user(email=f"draft{number}@bench.example", password=None, name="林一帆")
    who = factories.applicant(factories.member(firm, person=person))
    return who, factories.draft(who)


def submitted(number: int) -> tuple[factories.Applicant, Application]:
    who, draft = applicant_with_draft(number)
    return who, submission.submit(application_id=draft.pk, actor=who.actor)


def spread_keys() -> None:
    """Give every table keys of its own range of ten million, so that a recorded number tells which row is meant."""
    if User.objects.order_by("pk").last().pk > RANGE:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1")
        for place, (name,) in enumerate(cursor.fetchall(), 1):
            cursor.execute(f'ALTER SEQUENCE "{name}" RESTART WITH {place * RANGE + 1}')


@contextmanager
def held_jobs() -> Iterator[list[int]]:
    """Jobs are not sent to the broker; their numbers are collected."""
    held: list[int] = []
    with mock.patch.object(jobs, "send", held.append):
        yield held

"""Bulk seeding: enterprises, profiles, register entries and applications by the thousand, in constant memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.models import Banker, Enterprise, EnterpriseProfile
from applications.management.synthetic import AS_OF, firms
from applications.models import Application
from portal.kernel.clock import due_after, now
from products.domain.registering.rows import entry
from products.models import Product, Register, RegisterEntry

BATCH = 2000
# status → share; most of a bank's cases are closed. No `submitted` and no `offered`: those have a job, an offer behind them.
STATUSES = (
    ("booked", 0.50),
    ("declined", 0.12),
    ("withdrawn", 0.08),
    ("expired", 0.06),
    ("screened", 0.15),
    ("returned", 0.05),
    ("recommended", 0.04),
)
OUTCOMES = (("pass", 62), ("refer", 28), ("fail", 10))  # of a hundred


def _status(chance: float) -> str:
    for status, share in STATUSES:
        chance -= share
        if chance < 0:
            return status
    return "booked"


def seed(count: int, *, progress: Callable[[int], None]) -> int:
    """Write `count` enterprises with one application each; what exists is left alone. Returns how many were new."""
    product = Product.objects.get(code="zhaojiedai")
    registers = {r.code: r for r in Register.objects.all()}
    bankers = list(Banker.objects.filter(role="reviewer").values_list("pk", flat=True)) or [None]
    moment, written = now(), 0
    # Deadlines for the last 400 days, asked once: the calendar is not worth a query a row.
    due = {n: due_after(moment - timedelta(days=n), product.sla_days).at for n in range(400)}
    source = firms(count)
    while batch := list(itertools.islice(source, BATCH)):
        with transaction.atomic():
            written += _write(batch, product, registers, bankers, moment, due)
        progress(len(batch))
    return written


def _write(
    batch: list[dict], product: Product, registers: dict, bankers: list, moment: datetime, due: dict[int, datetime]
) -> int:
    known = set(Enterprise.objects.filter(uscc__in=[f["uscc"] for f in batch]).values_list("uscc", flat=True))
    fresh = [f for f in batch if f["uscc"] not in known]
    rows = Enterprise.objects.bulk_create(
        Enterprise(uscc=f["uscc"], name=f["name"], is_demo=True, registry_checked_at=moment) for f in fresh
    )
    EnterpriseProfile.objects.bulk_create(
        EnterpriseProfile(enterprise=row, source="self", data=f["profile"]) for row, f in zip(rows, fresh, strict=True)
    )
    EnterpriseProfile.objects.bulk_create(
        EnterpriseProfile(enterprise=row, source="registry", data=f["registry"])
        for row, f in zip(rows, fresh, strict=True)
        if f.get("registry")
    )
    RegisterEntry.objects.bulk_create(
        entry(
            registers[kind],
            uscc=f["uscc"],
            name=f["name"],
            valid_from=date(AS_OF.year - 1, 1, 1),
            valid_to=f.get("title_ends") or date(AS_OF.year + 1, 12, 31),
        )
        for f in fresh
        for kind in f["titles"]
    )
    Application.objects.bulk_create(
        _application(row, f, product, bankers, moment, due) for row, f in zip(rows, fresh, strict=True)
    )
    return len(fresh)


def _application(
    enterprise: Enterprise, firm: dict, product: Product, bankers: list, moment: datetime, due: dict[int, datetime]
) -> Application:
    status = _status(firm["chance"])
    number = int(firm["uscc"][10:16])
    place = number * 37 % 100
    outcome = "pass" if place < OUTCOMES[0][1] else "refer" if place < OUTCOMES[0][1] + OUTCOMES[1][1] else "fail"
    age = number % 400 if status in ("booked", "declined", "withdrawn", "expired") else number % 6
    claimed = status in ("returned", "recommended") or (status == "screened" and number % 3 == 0)
    return Application(
        reference=f"SQ{moment:%Y%m%d}-B{number:06d}",
        enterprise=enterprise,
        product=product,
        lifecycle_name="credit",
        status=status,
        round=1,
        submitted_at=moment - timedelta(days=age, minutes=number % 600),
        status_changed_at=moment,
        requested_amount=firm["amount"],
        term_months=12,
        repayment_method="interest_first",
        purpose="rd",
        tier=firm["tier"],
        tier_outcome="pass",
        score_low=30 + number % 50,
        score_high=30 + number % 50 + number % 3 * 8,
        outcome=outcome,
        size_class=("micro", "small", "small", "medium")[number % 4],
        district_code=firm["profile"].get("district_code", ""),
        industry=firm["profile"].get("industry_code", "")[:1],
        passed=5,
        referred=(outcome == "refer") * (1 + number % 3),
        failed=outcome == "fail",
        due_at=due[age],
        assignee_id=bankers[number % len(bankers)] if claimed else None,
        claimed_at=moment if claimed else None,
        paused_days=1 if status == "returned" else None,
        answer_by=moment + timedelta(days=14) if status == "returned" else None,
    )

"""Coverage (名单覆盖): of the firms on a list on a day, who is a customer, who applied, who was contacted, who never.

One statement places every firm of every list in one cell of (list, district, industry, branch) and counts; the tallies of
each dimension are sums of cells. A firm counts once a list, and once in 任一名单, however many projects or lists name it.
Facts are those of the day: entries, holdings, applications and contacts carry their dates, so a past day stays as it was.
The district is that of the credit code (positions 3–8, where the firm is registered), known for every firm that has one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Max

from accounts.models import Branch
from applications.enums import CREDIT_KINDS, CoverageBy, Job
from applications.models import Application, Contact, CoverageRun, CoverageTally, Holding, HoldingStatement
from portal.kernel.clock import BEIJING, now, today
from portal.kernel.errors import InvalidInput
from portal.kernel.jobs import enqueue
from portal.kernel.transactions import use_case
from products.enums import ABNORMAL, DISHONEST
from products.lifecycle import BATCH_IN_FORCE
from products.models import Register, RegisterBatch, RegisterEntry

NEGATIVE = (DISHONEST, ABNORMAL)  # lists nobody wants to cover
PATIENCE = timedelta(minutes=10)  # a count that takes longer is begun again when somebody asks
FIRST_DAY = date(2000, 1, 1)
COUNTS = ("listed", "booked", "credit", "applied", "contacted", "never", "nameless")


@use_case
def ask(*, on: date, again: bool = False) -> CoverageRun:
    """Have a day counted, or counted again. Raises InvalidInput at `on` for a day that has not come."""
    if not FIRST_DAY <= on <= today():
        raise InvalidInput("on_outside", "日期要在 2000 年以后、不晚于今天", field="on")
    run, is_new = CoverageRun.objects.select_for_update().get_or_create(on=on, defaults={"asked_at": now()})
    if is_new or (again and (run.counted_at is not None or is_lost(run))):
        run.asked_at, run.counted_at = now(), None
        run.save(update_fields=["asked_at", "counted_at"])
        enqueue(Job.COVERAGE, key=run.pk, run_id=run.pk)
    return run


@use_case
def count(*, run_id: int) -> None:
    """Count a day that was asked for; what was counted of it before is replaced."""
    run = CoverageRun.objects.select_for_update().filter(pk=run_id, counted_at=None).first()
    if run is None:
        return
    run.tallies.all().delete()
    CoverageTally.objects.bulk_create(_tallies(run), batch_size=2000)
    run.counted_at = now()
    run.save(update_fields=["counted_at"])


def is_lost(run: CoverageRun) -> bool:
    """Whether a count takes so long that its job must have given up."""
    return run.counted_at is None and run.asked_at < now() - PATIENCE


def is_stale(run: CoverageRun) -> bool:
    """Whether lists or holdings came in after a day was counted."""
    statements = HoldingStatement.objects.filter(status="applied").aggregate(at=Max("status_changed_at"))["at"]
    batches = RegisterBatch.objects.filter(status__in=[*BATCH_IN_FORCE, "reverted"]).aggregate(
        at=Max("status_changed_at")
    )
    return any(at is not None and at > run.counted_at for at in (statements, batches["at"]))


def covered() -> list[Register]:
    """The lists whose coverage is counted."""
    return list(Register.objects.exclude(code__in=NEGATIVE).order_by("pk"))


def _tallies(run: CoverageRun) -> Iterator[CoverageTally]:
    registers = [register.pk for register in covered()]
    branches = dict(Branch.objects.values_list("pk", "name"))
    sums: dict[tuple, Counter] = {}
    for register, district, industry, branch, *counts in cells(run.on, registers):
        values = {CoverageBy.ALL: "", CoverageBy.DISTRICT: district, CoverageBy.INDUSTRY: industry}
        for by, value in (*values.items(), (CoverageBy.BRANCH, branches.get(branch, ""))):
            sums.setdefault((register, by, value), Counter()).update(dict(zip(COUNTS, counts, strict=True)))
    for (register, by, value), total in sums.items():
        tally = {name: total[name] for name in COUNTS}
        yield CoverageTally(run=run, register_id=register, by=by, value=value, **tally)


def cells(on: date, registers: list[int]) -> list[tuple]:
    """(register or None for any, district, industry, branch, *COUNTS) of a day, every firm in one cell a register."""
    entries = RegisterEntry.objects.valid_on(on).filter(register__in=registers)
    holdings = Holding.objects.in_force(on)
    applications = Application.objects.filter(
        submitted_at__lt=datetime.combine(on + timedelta(days=1), time.min, BEIJING), is_sandbox=False
    )
    contacts = Contact.objects.filter(on__lte=on).exclude(result="unreachable")
    rows: list[tuple] = []
    for register, distinct in (("register_id", ("register_id",)), ("NULL", ())):
        listed = entries.values(*distinct, "uscc", "plain_name").distinct()
        rows += _run(_CELLS, register, listed, holdings, applications, contacts)
    return rows


# Firms of a list by code, else by plain name. {…} are the rows of a day, as the querysets above say them.
_CELLS = """
SELECT register_id, district, industry, branch, COUNT(*), SUM(booked), SUM(credit),
       SUM(CASE WHEN booked = 0 THEN applied ELSE 0 END),
       SUM(CASE WHEN booked = 0 AND applied = 0 THEN contacted ELSE 0 END),
       SUM(CASE WHEN booked = 0 AND applied = 0 AND contacted = 0 THEN 1 ELSE 0 END),
       SUM(nameless)
FROM (
    SELECT l.register_id, SUBSTR(l.uscc, 3, 6) AS district,
           CASE WHEN COALESCE(a.industry, '') <> '' THEN a.industry ELSE COALESCE(h.industry, '') END AS industry,
           COALESCE(h.branch, c.branch) AS branch,
           CASE WHEN h.uscc IS NULL THEN 0 ELSE 1 END AS booked, COALESCE(h.credit, 0) AS credit,
           CASE WHEN a.uscc IS NULL THEN 0 ELSE 1 END AS applied, CASE WHEN c.uscc IS NULL THEN 0 ELSE 1 END AS contacted,
           CASE WHEN l.uscc = '' THEN 1 ELSE 0 END AS nameless
    FROM (SELECT DISTINCT {register} AS register_id, uscc, CASE WHEN uscc = '' THEN plain_name ELSE '' END AS plain_name
          FROM ({listed}) AS entries) AS l
    LEFT JOIN (SELECT uscc, MAX(CASE WHEN kind IN {credit} THEN 1 ELSE 0 END) AS credit, MAX(industry) AS industry,
                      MIN(branch_id) AS branch
               FROM ({holdings}) AS held GROUP BY uscc) AS h ON h.uscc = l.uscc AND l.uscc <> ''
    LEFT JOIN (SELECT e.uscc, MAX(asked.industry) AS industry FROM ({applications}) AS asked
               JOIN accounts_enterprise AS e ON e.id = asked.enterprise_id GROUP BY e.uscc) AS a
           ON a.uscc = l.uscc AND l.uscc <> ''
    LEFT JOIN (SELECT o.uscc, MIN(b.branch_id) AS branch FROM ({contacts}) AS said
               JOIN applications_outreach AS o ON o.id = said.outreach_id
               JOIN accounts_banker AS b ON b.id = said.banker_id WHERE o.uscc <> '' GROUP BY o.uscc) AS c
           ON c.uscc = l.uscc AND l.uscc <> ''
) AS firms
GROUP BY register_id, district, industry, branch
"""


def _run(text: str, register: str, listed, holdings, applications, contacts) -> list[tuple]:
    parts = {
        "listed": listed,
        "holdings": holdings.values("uscc", "kind", "industry", "branch_id"),
        "applications": applications.values("enterprise_id", "industry"),
        "contacts": contacts.values("outreach_id", "banker_id"),
    }
    said = {name: queryset.order_by().query.sql_with_params() for name, queryset in parts.items()}
    credit = "({})".format(", ".join(f"'{kind.value}'" for kind in CREDIT_KINDS))
    sql = text.format(register=register, credit=credit, **{name: sql for name, (sql, _) in said.items()})
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for _, params in said.values() for value in params])
        return cursor.fetchall()

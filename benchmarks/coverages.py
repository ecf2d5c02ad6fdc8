"""Coverage of the lists: its page at 500,000 firms against 5,000, and counting a day anew against one statement by hand.

Firms stand on one list each, half of them on a second and some on a third; 300,000 holdings, a fiftieth contacted. Page:
`/admin/coverage/` through the whole middleware, in two databases that take turns. Count: `coverage.count` of a day, tallies
written, against one hand-written statement with the same joins that counts every list and every dimension in PostgreSQL
itself by GROUPING SETS; the rows are fetched and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.test import Client

from applications.domain import coverage
from applications.enums import Reach
from applications.models import Application, CoverageRun, HoldingStatement, OutreachPlan
from benchmarks import world
from benchmarks.table import Row
from benchmarks.timing import Side, ratio, take_turns
from benchmarks.world import World
from portal.kernel.clock import now, today
from products.models import Register

FIRMS, HOLDINGS, PART = 500_000, 300_000, 100
PAGE_BOUND, COUNT_BOUND = 1.3, 2
PAGES = (
    ("coverage page", "/admin/coverage/", PAGE_BOUND),
    *((f"firms of a list, {reach}", f"/admin/coverage/tech_sme/?reach={reach}", None) for reach in Reach.values),
    ("outreach plans", "/admin/outreach/", None),
    ("outreach of a list", "/admin/outreach/relending/?show=open", None),
)
_CODE = "'91' || (ARRAY['110108','110105','110115','110302'])[1 + n %% 4] || 'MA' || LPAD(n::text, 8, '0')"


def rows(built: World) -> Iterator[Row]:
    clients = {}
    for name, part in ((world.LARGE, 1), (world.SMALL, PART)):
        world.use(name)
        _fill(FIRMS // part, HOLDINGS // part)
        _count()
        clients[name] = world.signed_in(built.reviewer)  # a session of its own in each database
    for label, path, bound in PAGES:
        sides = [
            Side(lambda name=name, path=path: _get(clients[name], path), before=lambda name=name: world.use(name))
            for name in (world.LARGE, world.SMALL)
        ]
        take_turns(*sides, rounds=9)
        large, small = sides
        yield Row(
            f"{label}: time at {FIRMS:,} firms / at {FIRMS // PART:,}", ratio(large, small), bound,
            note=f"{small.ms:.1f} → {large.ms:.1f} ms",
        )  # fmt: skip
    world.use(world.LARGE)
    real, bare = Side(_count), Side(_by_hand)
    take_turns(real, bare, rounds=3, warm=0, inner=1)
    yield Row(
        "coverage count: time / one statement by hand", ratio(real, bare), COUNT_BOUND,
        note=f"{FIRMS:,} firms, {HOLDINGS:,} holdings, {real.ms / 1000:.1f} s against {bare.ms / 1000:.1f} s",
    )  # fmt: skip


def _get(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200


def _count() -> None:
    with world.held_jobs():
        run = coverage.ask(on=today(), again=True)
    coverage.count(run_id=run.pk)
    assert CoverageRun.objects.get().tallies.filter(by="all").count() >= 4


def _fill(firms: int, holdings: int) -> None:
    registers = {r.code: r.pk for r in Register.objects.all()}
    CoverageRun.objects.all().delete()
    statement = HoldingStatement.objects.create(
        as_of=today(),
        file_name="bench",
        storage_key="bench",
        sha256="bench",
        size=1,
        status="applied",
        uploaded_at=now(),
    )
    with connection.cursor() as cursor:
        for code, every in (("tech_sme", 1), ("hnte", 2), ("little_giant", 50)):
            cursor.execute(
                f"""INSERT INTO products_registerentry (register_id, uscc, name, plain_name, number, round, project, key,
                        digest, valid_from)
                    SELECT %s, {_CODE}, '企业' || n, '企业' || n, '', '', '', {_CODE}, 0, %s
                    FROM generate_series(1, %s) AS n WHERE n %% %s = 0 ON CONFLICT DO NOTHING""",
                [registers[code], today(), firms, every],
            )
        cursor.execute(
            f"""INSERT INTO applications_holding (number, uscc, name, kind, industry, grade, started_on, first_loan,
                    first_loan_findings, statement_id)
                SELECT 'B' || n, {_CODE}, '企业' || n, CASE WHEN n %% 3 = 0 THEN 'account' ELSE 'loan' END,
                       (ARRAY['C','I','M',''])[1 + n %% 4], '', %s, '', '[]', %s
                FROM (SELECT n * 5 / 3 AS n, n AS m FROM generate_series(1, %s) AS n) AS numbers""",
            [today(), statement.pk, holdings],
        )
        plan = OutreachPlan.objects.get(register__code="relending")
        cursor.execute(
            f"""INSERT INTO applications_outreach (plan_id, key, uscc, name, project, is_listed, result, version, created_at)
                SELECT %s, {_CODE}, {_CODE}, '企业' || n, '', TRUE, 'interested', 1, NOW()
                FROM generate_series(1, %s) AS n WHERE n %% 50 = 0""",
            [plan.pk, firms],
        )
        cursor.execute(
            """INSERT INTO applications_contact (outreach_id, banker_id, written_by_id, "on", channel, result, note, written_at)
               SELECT o.id, b.id, b.user_id, %s, 'phone', 'interested', '', NOW()
               FROM applications_outreach AS o, (SELECT id, user_id FROM accounts_banker ORDER BY id LIMIT 1) AS b
               WHERE o.name LIKE '企业%%'""",
            [today()],
        )
        cursor.execute("VACUUM ANALYZE")


def _by_hand() -> None:
    day = today()
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, {"day": day, "registers": [register.pk for register in coverage.covered()]})
        found = cursor.fetchall()
    listed = {row[0]: row[5] for row in found if row[1] == 7}
    run = CoverageRun.objects.get()
    assert listed == {t.register_id: t.listed for t in run.tallies.filter(by="all")}, "both sides count the same"


_BY_HAND = f"""
WITH entries AS (
    SELECT register_id, uscc, CASE WHEN uscc = '' THEN plain_name ELSE '' END AS plain
    FROM products_registerentry
    WHERE register_id = ANY(%(registers)s) AND valid_from <= %(day)s AND (valid_to IS NULL OR valid_to >= %(day)s)
      AND (listed_from IS NULL OR listed_from <= %(day)s) AND (removed_from IS NULL OR removed_from > %(day)s)
), listed AS (
    SELECT DISTINCT register_id, uscc, plain FROM entries UNION ALL SELECT DISTINCT NULL::bigint, uscc, plain FROM entries
), held AS (
    SELECT uscc, BOOL_OR(kind IN ('loan', 'line')) AS credit, MAX(industry) AS industry, MIN(branch_id) AS branch
    FROM applications_holding WHERE started_on <= %(day)s AND (closed_on IS NULL OR closed_on > %(day)s) GROUP BY uscc
), asked AS (
    SELECT e.uscc, MAX(a.industry) AS industry FROM {Application._meta.db_table} AS a
    JOIN accounts_enterprise AS e ON e.id = a.enterprise_id
    WHERE NOT a.is_sandbox AND a.submitted_at < (%(day)s + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' GROUP BY e.uscc
), said AS (
    SELECT o.uscc, MIN(b.branch_id) AS branch FROM applications_contact AS c
    JOIN applications_outreach AS o ON o.id = c.outreach_id JOIN accounts_banker AS b ON b.id = c.banker_id
    WHERE c."on" <= %(day)s AND c.result <> 'unreachable' GROUP BY o.uscc
), firms AS (
    SELECT l.register_id, SUBSTR(l.uscc, 3, 6) AS district, COALESCE(NULLIF(asked.industry, ''), held.industry, '') AS industry,
           COALESCE(held.branch, said.branch) AS branch, held.uscc IS NOT NULL AS booked, COALESCE(held.credit, FALSE) AS credit,
           asked.uscc IS NOT NULL AS applied, said.uscc IS NOT NULL AS contacted
    FROM listed AS l LEFT JOIN held USING (uscc) LEFT JOIN asked USING (uscc) LEFT JOIN said USING (uscc)
)
SELECT register_id, GROUPING(district, industry, branch), district, industry, branch, COUNT(*), COUNT(*) FILTER (WHERE booked),
       COUNT(*) FILTER (WHERE credit), COUNT(*) FILTER (WHERE applied AND NOT booked),
       COUNT(*) FILTER (WHERE contacted AND NOT applied AND NOT booked),
       COUNT(*) FILTER (WHERE NOT contacted AND NOT applied AND NOT booked)
FROM firms
GROUP BY GROUPING SETS ((register_id), (register_id, district), (register_id, industry), (register_id, branch))
"""

"""Coverage: figures against an independent count in polars, days as they were, firms behind a figure."""

import random
from datetime import datetime, time, timedelta

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Branch, Enterprise
from applications.domain import coverage, outreach
from applications.enums import Reach
from applications.models import (
    Application,
    Contact,
    CoverageRun,
    CoverageTally,
    Holding,
    HoldingStatement,
    Outreach,
    OutreachPlan,
)
from applications.queries import coverage as figures
from applications.tasks import lists
from portal.kernel.clock import BEIJING, now, today
from portal.kernel.errors import InvalidInput
from portal.kernel.models import QueuedJob
from products.domain.registering.rows import entry
from products.models import Product, Register, RegisterEntry
from tests import factories
from tests.factories import signed_in

pytestmark = pytest.mark.django_db
DAYS = [today() - timedelta(days=back) for back in (0, 40, 80)]


def day(rng: random.Random):
    return today() - timedelta(days=rng.randrange(1, 120))


def code_of(number: int) -> str:
    """A credit code of a district of Beijing, for counting; its check digits are nobody's business here."""
    district = ("110108", "110105", "110302", "440305")[number % 4]
    return f"91{district}MA{number:08d}"


@pytest.fixture
def statement(db):
    return HoldingStatement.objects.create(
        as_of=today(), file_name="x", storage_key="x", sha256="x", size=1, uploaded_at=now(), status="applied"
    )


@pytest.fixture
def seeded(defaults, bankers, statement):
    """Three hundred firms on some lists, held, asked and contacted at random; the same facts as plain rows."""
    rng = random.Random(20261126)
    registers = list(Register.objects.filter(code__in=["little_giant", "hnte", "relending", "dishonest"]))
    branches = [Branch.objects.get_or_create(name=name)[0] for name in ("东支行", "西支行")]
    product = Product.objects.get(code="zhaojiedai")
    plan = OutreachPlan.objects.get(register__code="relending")
    from accounts.models import Banker

    rm = Banker.objects.get(user_id=bankers.rm.user_id)
    facts = {"entries": [], "holdings": [], "applications": [], "contacts": []}
    for number in range(300):
        uscc, name = code_of(number), f"企业{number}"
        for register in registers:
            for project in (
                ("甲", "乙")[: rng.randrange(3)] if register.code == "relending" else ("",)[: rng.randrange(2)]
            ):
                since, until = day(rng), today() + timedelta(days=rng.randrange(-30, 200))
                bare = rng.random() < 0.05
                row = entry(
                    register, uscc="" if bare else uscc, name=name, valid_from=since, valid_to=max(since, until)
                )
                row.project, row.key = project, f"{row.key}|{project}"
                row.save()
                facts["entries"].append((register.code, row.uscc, name, since, row.valid_to))
        if rng.random() < 0.5:
            since = day(rng)
            closed = since + timedelta(days=rng.randrange(60)) if rng.random() < 0.4 else None
            kind, branch, industry = (
                rng.choice(["account", "loan", "line"]),
                rng.choice(branches),
                rng.choice(["", "C", "I"]),
            )
            Holding.objects.create(
                number=f"N{number}", uscc=uscc, name=name, kind=kind, branch=branch, industry=industry,
                started_on=since, closed_on=closed, statement=statement,
            )  # fmt: skip
            facts["holdings"].append((uscc, kind, branch.name, industry, since, closed))
        if rng.random() < 0.4:
            firm, on, industry = Enterprise.objects.create(uscc=uscc, name=name), day(rng), rng.choice(["", "M"])
            is_sandbox = rng.random() < 0.2
            Application.objects.create(
                enterprise=firm, product=product, reference=f"T{number}", lifecycle_name="credit", status="withdrawn",
                submitted_at=datetime.combine(on, rng.choice([time(0), time(23, 59, 59)]), BEIJING), industry=industry,
                is_sandbox=is_sandbox,
            )  # fmt: skip
            if not is_sandbox:
                facts["applications"].append((uscc, industry, on))
        if rng.random() < 0.4:
            task = Outreach.objects.create(plan=plan, key=uscc, uscc=uscc, name=name, created_at=now())
            on, result = day(rng), rng.choice(["unreachable", "interested"])
            Contact.objects.create(
                outreach=task,
                banker=rm,
                written_by_id=rm.user_id,
                on=on,
                channel="phone",
                result=result,
                written_at=now(),
            )
            if result == "interested":
                facts["contacts"].append((uscc, on))
    return facts, rm.branch.name


def expected(facts: dict, branch_of_rm: str, on, by: str) -> dict:
    """{(list, value): counts} by polars, from the plain rows."""
    entries = pl.DataFrame(facts["entries"], schema=["list", "uscc", "name", "since", "until"], orient="row")
    entries = entries.filter((pl.col("since") <= on) & (pl.col("until") >= on) & (pl.col("list") != "dishonest"))
    firm = pl.when(pl.col("uscc") == "").then("~" + pl.col("name")).otherwise(pl.col("uscc")).alias("firm")
    firms = entries.select("list", "uscc", firm).unique()
    firms = pl.concat([firms, firms.select(pl.lit("any").alias("list"), "uscc", "firm").unique()])
    held = pl.DataFrame(
        facts["holdings"],
        schema={"uscc": str, "kind": str, "branch": str, "h": str, "since": pl.Date, "closed": pl.Date},
        orient="row",
    )
    held = held.filter((pl.col("since") <= on) & (pl.col("closed").is_null() | (pl.col("closed") > on)))
    asked = pl.DataFrame(facts["applications"], schema={"uscc": str, "a": str, "on": pl.Date}, orient="row").filter(
        pl.col("on") <= on
    )
    said = pl.DataFrame(facts["contacts"], schema={"uscc": str, "on": pl.Date}, orient="row").filter(pl.col("on") <= on)
    joined = (
        firms.join(held.select("uscc", "kind", "branch", "h"), on="uscc", how="left")
        .join(asked.select("uscc", "a", asked=pl.lit(True)), on="uscc", how="left")
        .join(said.select("uscc", said=pl.lit(True)), on="uscc", how="left")
        .with_columns(
            booked=pl.col("kind").is_not_null(),
            asked=pl.col("asked").fill_null(False),
            said=pl.col("said").fill_null(False),
            district=pl.col("uscc").str.slice(2, 6),
            industry=pl.when(pl.col("a").fill_null("") != "").then(pl.col("a")).otherwise(pl.col("h").fill_null("")),
        )
        .with_columns(
            branch=pl.col("branch").fill_null(pl.when(pl.col("said")).then(pl.lit(branch_of_rm)).otherwise(pl.lit("")))
        )
        .with_columns(all=pl.lit(""))
    )
    counted = joined.group_by("list", by).agg(
        listed=pl.len(),
        booked=pl.col("booked").sum(),
        credit=pl.col("kind").is_in(["loan", "line"]).fill_null(False).sum(),
        applied=(~pl.col("booked") & pl.col("asked")).sum(),
        contacted=(~pl.col("booked") & ~pl.col("asked") & pl.col("said")).sum(),
        never=(~pl.col("booked") & ~pl.col("asked") & ~pl.col("said")).sum(),
        nameless=(pl.col("uscc") == "").sum(),
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in counted.iter_rows()}


@pytest.mark.parametrize("on", DAYS)
def test_every_figure_is_that_of_an_independent_count(seeded, run_jobs, on):
    run = coverage.ask(on=on)
    run_jobs()
    run.refresh_from_db()
    assert run.counted_at is not None
    for by in ("all", "district", "industry", "branch"):
        found = {
            (t.register.code if t.register else "any", t.value): tuple(getattr(t, name) for name in coverage.COUNTS)
            for t in run.tallies.filter(by=by).select_related("register")
        }
        assert found == expected(*seeded, on, by), by
        assert len(found) > 3


@pytest.mark.parametrize("on", DAYS)
def test_the_firms_behind_a_figure_are_those_counted(seeded, run_jobs, on):
    run = coverage.ask(on=on)
    run_jobs()
    for register in Register.objects.filter(code__in=["little_giant", "relending"]):
        tally = run.tallies.get(register=register, by="all")
        for reach in Reach:
            firms = {(e.uscc or e.plain_name) for e in figures.firms(register, on, reach)}
            assert len(firms) == getattr(tally, reach.value), (register, reach)


def test_the_published_rates_are_computed_from_a_list(defaults, statement, run_jobs):
    """481 of 1,000 firms of any list, 45 of 55 little giants and 58.6 % of specialised ones give 48.1, 81.8 and 58.6 %."""
    registers = {code: Register.objects.get(code=code) for code in ("hnte", "little_giant", "srdi_sme")}
    listed = {"little_giant": range(55), "srdi_sme": range(100, 600), "hnte": range(600, 1045)}
    booked = {*range(45), *range(100, 393), *range(600, 743)}
    for code, numbers in listed.items():
        RegisterEntry.objects.bulk_create(
            entry(registers[code], uscc=code_of(n), name=f"企业{n}", valid_from=today()) for n in numbers
        )
    Holding.objects.bulk_create(
        Holding(number=f"N{n}", uscc=code_of(n), name="x", kind="account", started_on=today(), statement=statement)
        for n in booked
    )
    run = coverage.ask(on=today())
    run_jobs()
    run.refresh_from_db()
    rates = {row.code: row.rate for row in figures.lists(run, of_credit=False)}
    assert rates == {"any": "48.1%", "little_giant": "81.8%", "srdi_sme": "58.6%", "hnte": "32.1%"}
    assert {row.rate for row in figures.lists(run, of_credit=True)} == {"0.0%"}


def test_days_to_come_are_refused_and_a_day_is_counted_once(defaults, run_jobs):
    with pytest.raises(InvalidInput, match="on_outside"):
        coverage.ask(on=today() + timedelta(days=1))
    first = coverage.ask(on=today())
    assert coverage.ask(on=today()).pk == first.pk
    run_jobs()
    first.refresh_from_db()
    coverage.count(run_id=first.pk)  # a second run of the job does nothing
    again = CoverageRun.objects.get()
    assert again.counted_at == first.counted_at


def test_a_count_that_was_lost_is_begun_again_when_asked(defaults, bankers, run_jobs):
    run = coverage.ask(on=today())
    QueuedJob.objects.update(parked_at=now())
    coverage.ask(on=today(), again=True)
    assert not QueuedJob.objects.filter(parked_at=None).exists()  # it may still be at work
    CoverageRun.objects.update(asked_at=now() - timedelta(minutes=11))
    assert "重新发起" in signed_in(bankers.rm).get("/admin/coverage/").content.decode()
    coverage.ask(on=today(), again=True)
    run_jobs()
    run.refresh_from_db()
    assert run.counted_at is not None


def test_the_morning_round_makes_tasks_and_counts_today(defaults, run_jobs):
    register = Register.objects.get(code="relending")
    for number in range(3):
        entry(register, uscc=code_of(number), name=f"企业{number}", valid_from=today()).save()
    lists()
    run_jobs()
    lists()
    run_jobs()
    assert Outreach.objects.filter(plan__register=register).count() == 3
    assert CoverageTally.objects.get(register=register, by="all").never == 3


def test_the_page_counts_on_demand_and_says_when_it_is_stale(defaults, bankers, statement, run_jobs):
    entry(Register.objects.get(code="hnte"), uscc=code_of(1), name="甲公司", valid_from=today()).save()
    client = signed_in(bankers.rm)
    assert "这一天还没有统计" in client.get("/admin/coverage/").content.decode()
    assert client.post("/admin/coverage/count/", {"on": today().isoformat()}).status_code == 302
    assert "正在统计" in client.get("/admin/coverage/").content.decode()
    run_jobs()
    words = client.get("/admin/coverage/").content.decode()
    assert "高新技术企业名单" in words
    assert "在此之后有更新" not in words
    HoldingStatement.objects.update(status_changed_at=now() + timedelta(minutes=1))
    assert "在此之后有更新" in client.get("/admin/coverage/").content.decode()
    for query in (
        "?by=all",
        "?by=x",
        "?list=nothing",
        "?list=dishonest",
        f"?on={today() + timedelta(days=1)}",
    ):
        assert client.get(f"/admin/coverage/{query}").status_code == 404, query
    assert client.post("/admin/coverage/count/", {"on": "2199-01-01"}).status_code == 404
    firms = client.get("/admin/coverage/hnte/?reach=never")
    assert "甲公司" in firms.content.decode()
    assert "甲公司" in client.get("/admin/coverage/hnte/?reach=never&csv").getvalue().decode()
    assert client.get("/admin/coverage/dishonest/").status_code == 404
    assert client.get("/admin/coverage/hnte/?reach=x").status_code == 404


def test_the_page_asks_the_same_however_many_firms_there_are(defaults, bankers, run_jobs):
    client, asked = signed_in(bankers.rm), []
    for firms in (range(1), range(1, 200)):
        for register in Register.objects.all():
            for number in firms:
                entry(register, uscc=code_of(number), name=f"企业{number}", valid_from=today()).save()
        coverage.ask(on=today(), again=True)
        run_jobs()
        with CaptureQueriesContext(connection) as seen:
            client.get("/admin/coverage/")
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 12


def test_coverage_is_for_the_bank(founder, bankers, defaults, client):
    assert signed_in(founder).get("/admin/coverage/").status_code in (302, 403)
    author, _ = factories.policy_desk()
    for who in (author, bankers.rm, bankers.reviewer, bankers.approver):
        for path in ("coverage/", "coverage/outside/", "coverage/hnte/", "outreach/"):
            assert signed_in(who).get(f"/admin/{path}").status_code == 200, path


def test_strong_firms_on_no_list_are_found(founder, bankers, run_jobs):
    application = factories.submitted(founder)
    run_jobs()
    Application.objects.update(score_low=59)
    assert not figures.outside(today()).exists()
    Application.objects.update(score_low=60)
    assert list(figures.outside(today())) == [application]
    assert application.enterprise.name in signed_in(bankers.rm).get("/admin/coverage/outside/").content.decode()
    entry(Register.objects.get(code="relending"), uscc=founder.enterprise.uscc, name="x", valid_from=today()).save()
    assert figures.outside(today()).exists()  # the relending list is no title
    entry(Register.objects.get(code="hnte"), uscc=founder.enterprise.uscc, name="x", valid_from=today()).save()
    assert not figures.outside(today()).exists()


def test_plans_are_seeded_once(defaults):
    outreach.load_defaults()
    assert OutreachPlan.objects.count() == 3
    assert OutreachPlan.objects.get(register__code="relending").touch_target_bp == 10_000
    assert OutreachPlan.objects.get(register__code="little_giant").product.code == "little-giant-programme"

"""The columnar copy of a policy's past: built in parts, found again, thrown away when torn; and what is measured on it."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from portal.kernel import jobs
from portal.kernel.clock import today
from portal.kernel.models import QueuedJob
from products.domain import backtesting, columnar_cache, golden, measuring
from products.domain.authoring import default_documents
from products.domain.evaluating import evaluate_fresh, in_force, past, snapshot
from products.models import BackTest, Evaluation
from products.policy import columnar
from products.policy.document import compile_document
from products.policy.facts import Request, with_request
from products.policy.replaying import facts_from_json, result_of
from products.policy.values import Fact, Ratio
from tests import factories

pytestmark = pytest.mark.django_db
CODE = "zhaojiedai"
ANY = 10**12


def evaluated(count: int, **change) -> list[Evaluation]:
    """Evaluations of a policy on facts that differ from one to the next."""
    version, out = in_force(change.pop("code", CODE), today()), []
    for n in range(count):
        facts = {
            **with_request(Request(product=("zhaojiedai", "zhaochuangdai")[n % 2], purpose="rd", term_months=12)),
            "requested_amount": Fact(10_000_000 * (1 + n * 7 % 60), "application") if n % 9 else Fact(None),
            "tier": Fact(("T1", "T2", "T5", "none")[n % 4], "tiers"),
            "age": Fact(n * 5 % 40, "registry") if n % 11 else Fact(None),
            "rd_ratio": Fact(Ratio(n % 20, 100), "self"),
            "district": Fact(("110108", "110105")[n % 3 == 0], "registry"),
            "size_class": Fact(("micro", "small")[n % 2], "300号"),
            "on_dishonest_list": Fact(n % 13 == 0, "register"),
            "bureau_overdue": Fact(False, "credit_bureau"),
            **change,
        }
        out += evaluate_fresh(snapshot(subject=f"SQ{n:04d}", as_of=today(), facts=facts), [version])
    return out


def files() -> list[Path]:
    return sorted(columnar_cache.folder_of(CODE).glob("*/*"))


def test_the_copy_is_made_in_parts_by_month_and_only_of_what_is_new(defaults):
    rows = evaluated(7)
    Evaluation.objects.filter(pk__in=[row.pk for row in rows[:3]]).update(
        evaluated_at=datetime(2026, 8, 31, 15, 59, tzinfo=UTC)
    )
    Evaluation.objects.filter(pk=rows[3].pk).update(evaluated_at=datetime(2026, 8, 31, 16, 0, tzinfo=UTC))
    assert [columnar_cache.extend(CODE, ANY, 5), columnar_cache.extend(CODE, ANY, 5)] == [5, 2]
    assert [path.parent.name for path in files()][:2] == ["2026-08", "2026-09"]  # a month begins in Beijing
    before = files()
    assert columnar_cache.extend(CODE, ANY, 5) == 0
    assert files() == before
    (one,) = evaluated(1)
    assert columnar_cache.extend(CODE, ANY, 5) == 1
    kept = columnar_cache.scan(CODE, ANY).collect()
    assert kept["evaluation"].to_list() == sorted(past(CODE).values_list("pk", flat=True))
    assert columnar_cache.scan(CODE, one.pk - 1).collect().height == 7


def test_what_is_kept_is_what_the_snapshots_hold(defaults):
    rows = evaluated(12)
    columnar_cache.extend(CODE, ANY, 100)
    kept = columnar_cache.scan(CODE, ANY).collect()
    assert kept["before"].to_list() == [row.outcome for row in rows]
    expected = columnar.frame([facts_from_json(row.snapshot.facts) for row in rows])
    assert kept.select(expected.columns).equals(expected)


def test_sandbox_and_other_policies_stay_out(defaults):
    evaluated(2)
    evaluated(1, code="zhaochuangdai")
    Evaluation.objects.order_by("pk").first().snapshot.__class__.objects.filter(subject="SQ0001").update(
        is_sandbox=True
    )
    columnar_cache.extend(CODE, ANY, 100)
    assert columnar_cache.scan(CODE, ANY).collect()["subject"].to_list() == ["SQ0000"]


@pytest.mark.parametrize(
    "code", [d["code"] for d, _ in default_documents() if d["code"] in (CODE, "tiers", "score", "limits", "routing")]
)
def test_what_is_measured_is_what_the_row_engine_counts(defaults, code):
    rows = evaluated(60, code=code)
    columnar_cache.extend(code, ANY, 100)
    raw = in_force(code, today()).document
    if code == CODE:
        raw["rules"][1]["when"]["bound"] = 24
    elif code == "tiers":
        raw["rungs"] = raw["rungs"][2:]
    document = compile_document(raw)
    measured = measuring.measure(raw, columnar_cache.scan(code, ANY))
    moves, changed, by_size, lacking = Counter(), [], {}, Counter()
    for row in rows:
        facts = facts_from_json(row.snapshot.facts)
        before = golden.answer_of(document, row.outcome, row.result)
        after = golden.answer_of(document, *result_of(document, facts))
        if document.kind == "scorecard":
            moves["same" if before == after else "lower" if int(after) < int(before) else "higher"] += 1
        else:
            moves[f"{before}>{after}"] += 1
        part = by_size.setdefault(facts["size_class"].value, {"all": 0, "changed": 0})
        part["all"] += 1
        part["changed"] += before != after
        lacking.update(code for code in document.facts if code not in facts or facts[code].value is None)
        if before != after:
            changed.append({"subject": row.snapshot.subject, "version": 1, "before": before, "after": after})
    assert measured.count == 60
    assert measured.result["matrix"] == moves
    assert measured.result["slices"]["size_class"] == by_size
    assert measured.result["missing"] == lacking
    assert measured.result["changed"] == changed
    assert sum(part["all"] for part in measured.result["slices"]["amount"].values()) == 60
    assert set(measured.result["slices"]["product"]) == {"zhaojiedai", "zhaochuangdai"}


@pytest.mark.parametrize(
    ("amount", "label"),
    [(10_000_000, "10 万元及以下"), (10_000_001, "10–100 万元"), (500_000_001, "500 万元以上"), (None, "")],
)
def test_amounts_fall_into_their_bands(amount, label):
    frame = pl.DataFrame({"requested_amount": [amount]}, schema={"requested_amount": pl.Int64})
    assert frame.select(measuring._slice("amount").alias("x"))["x"].to_list() == [label]


def test_a_torn_copy_is_made_anew_once(defaults):
    author, _ = factories.policy_desk()
    evaluated(5)
    columnar_cache.extend(CODE, ANY, 100)
    for path in files():
        path.write_bytes(b"PAR1 torn")
    version = backtesting_draft(author)
    test = backtesting.start(version_id=version.pk, actor=author)
    for _ in range(2):
        jobs.run(QueuedJob.objects.get(finished_at=None).pk)
    test.refresh_from_db()
    assert (test.done, test.finished_at is not None, test.result["copied_again"]) == (5, True, True)
    assert BackTest.objects.count() == 1


def test_what_was_committed_after_its_neighbours_is_not_left_out(defaults):
    author, _ = factories.policy_desk()
    evaluated(5)
    columnar_cache.extend(CODE, ANY, 100)
    late = files()[0]
    table = pl.read_parquet(late)
    table.slice(1).write_parquet(late)  # as if the first had not been committed when the copy was made
    test = backtesting.start(version_id=backtesting_draft(author).pk, actor=author)
    for _ in range(2):
        jobs.run(QueuedJob.objects.get(finished_at=None).pk)
    test.refresh_from_db()
    assert (test.done, test.total, test.finished_at is not None) == (5, 5, True)


def backtesting_draft(author):
    from products.domain import authoring

    return authoring.draft_from(version_id=in_force(CODE, today()).pk, effective_from=today(), actor=author)


def test_an_empty_past_is_measured_too(defaults):
    measured = measuring.measure(in_force("tiers", today()).document, columnar_cache.scan("tiers", ANY))
    assert (measured.count, measured.result["matrix"], measured.result["missing"]) == (0, {}, {})

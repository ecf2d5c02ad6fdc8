"""The monitor of outcomes in a real browser, over a seeded population."""

import pytest

from applications.domain import monitoring
from applications.management import bulk
from applications.models import Application
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.worker, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
def test_rates_and_what_moved_are_seen(world, visitor, width):
    factories.policy_desk()
    bulk.seed(3000, progress=lambda _: None)
    recent = monitoring.monday(monitoring.today()) - 3 * monitoring.WEEK
    Application.objects.filter(submitted_at__date__gte=recent, outcome="pass", reference__endswith="1").update(
        outcome="refer"
    )
    Application.objects.filter(size_class="micro", outcome="pass").exclude(reference__endswith="4").update(
        outcome="refer"
    )
    monitoring.refresh()
    author = visitor(width)
    author.sign_in("policy@bank.example")
    author.go("/admin/monitor/", "monitor")
    author.page.get_by_role("link", name="规模").click()
    author.look("monitor-size")
    assert author.page.get_by_text("规模「微型」的通过率").is_visible()

"""What the tests of rules and registers share: the people of the policy desk, and a register nobody has filled."""

from datetime import timedelta

import pytest

from products.domain import shadowing
from products.models import Register
from tests import factories


@pytest.fixture
def desk(defaults):
    """An author and an approver of the policy desk."""
    return factories.policy_desk()


@pytest.fixture
def register(defaults):
    """The register of 高新技术企业, without a file loaded before."""
    Register.objects.update(loaded_from=None)
    return Register.objects.get(code="hnte")


@pytest.fixture
def settled_at_once(monkeypatch):
    """Shadows follow evaluations that were made just now."""
    monkeypatch.setattr(shadowing, "SETTLED", timedelta(0))

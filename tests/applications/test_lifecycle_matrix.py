"""The lifecycle, exhaustively: status × move × kind of actor."""

import itertools

import pytest

from accounts.models import Enterprise
from applications.models import Application
from portal.kernel.actors import Actor, ActorKind
from portal.kernel.clock import now
from portal.kernel.errors import IllegalTransition, RuleRefused
from portal.kernel.lifecycle import move
from portal.kernel.models import Event
from products.lifecycle import CREDIT, SERVICE
from products.models import Product
from tests.factories import demo_uscc


@pytest.mark.django_db
@pytest.mark.parametrize("table", [CREDIT, SERVICE], ids=lambda t: t.name)
def test_every_status_move_and_actor(table, defaults):
    product = Product.objects.filter(lifecycle_name=table.name).first()
    firm = Enterprise.objects.create(uscc=demo_uscc(), name="x")
    tried = 0
    for status, step, kind in itertools.product(table.statuses, table.moves, ActorKind):
        application = Application.objects.create(
            reference=f"SQ{table.name}{tried}", enterprise=firm, product=product, lifecycle_name=table.name, status=status.code,
            submitted_at=now(), is_sandbox=True,
        )  # fmt: skip
        tried += 1
        actor = Actor(kind, user_id=1)
        if status.code not in step.sources:
            with pytest.raises(IllegalTransition):
                move(application, step.name, actor=actor, reason="x")
        elif kind not in step.actors:
            with pytest.raises(RuleRefused, match="actor_not_allowed"):
                move(application, step.name, actor=actor, reason="x")
        else:
            if step.needs_reason:
                with pytest.raises(RuleRefused, match="reason_required"):
                    move(application, step.name, actor=actor)
            move(application, step.name, actor=actor, reason="x")
            application.refresh_from_db()
            assert application.status == step.target
            assert Event.objects.filter(stream=application.reference, type=f"application.{step.event}").count() == 1
        assert step in table.allowed(status.code, kind) or status.code not in step.sources or kind not in step.actors
    assert tried == len(table.statuses) * len(table.moves) * len(ActorKind)

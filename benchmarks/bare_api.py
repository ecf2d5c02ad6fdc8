"""Bare operations of the partner API: the same door (client, scope, limit, parser), the least behind it."""

from __future__ import annotations

import json

from django.db.models import F
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

from applications.models import Application
from portal.kernel.actors import ActorKind
from portal.kernel.api import PartnerView
from products.api.schemas import PrecheckIn
from products.lifecycle import BY_NAME

PAGE = 50
FIELDS = (
    *("requested_amount", "term_months", "repayment_method", "purpose", "purpose_detail", "counterparties", "answers"),
    *("reference", "status", "created_at", "updated_at", "submitted_at", "version", "lifecycle_name"),
)
constant_answer: dict = {}  # of the pre-check; filled with a real answer before measuring


class ConstantPrecheck(PartnerView):
    """Authenticates, limits, parses and validates as the pre-check does, and answers a constant."""

    scopes = {"POST": "prechecks:write"}

    def post(self, request) -> Response:
        self.parsed(PrecheckIn)
        return Response(constant_answer)


class ValuesList(PartnerView):
    """The first page of a partner's applications by one `values()` query, written out by json."""

    scopes = {"GET": "applications:read"}

    def get(self, request) -> HttpResponse:
        rows = (
            Application.objects.filter(partner_id=self.actor.partner_id, is_sandbox=False)
            .order_by("created_at", "id")
            .values(*FIELDS, enterprise_code=F("enterprise__uscc"), product_code=F("product__code"))[:PAGE]
        )
        body = json.dumps({"results": [_plain(row) for row in rows], "next": "x" * 76, "previous": None})
        return HttpResponse(body, content_type="application/json")


_MOVES = {
    (table.name, status.code): [m.name for m in table.allowed(status.code, ActorKind.PARTNER)]
    for table in BY_NAME.values()
    for status in table.statuses
}


def _plain(row: dict) -> dict:
    row["enterprise"], row["product"] = row.pop("enterprise_code"), row.pop("product_code")
    row["allowed_moves"] = _MOVES[row.pop("lifecycle_name"), row["status"]]
    row["requested_amount"] = str(row["requested_amount"])
    for name in ("created_at", "updated_at", "submitted_at"):
        row[name] = row[name].isoformat()
    return row


urlpatterns = [
    path("prechecks/", ConstantPrecheck.as_view()),
    path("applications/", ValuesList.as_view()),
]

"""What is known of an enterprise, from whom, and the one merge of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q

from accounts.enums import ConsentKind, ProfileSource
from accounts.models import Consent, Enterprise, EnterpriseProfile, Membership
from accounts.profile_rules import check, flatten
from accounts.rules import may_edit
from portal.kernel.actors import Actor
from portal.kernel.clock import today
from portal.kernel.errors import InvalidInput, NotPermitted, StaleObject
from portal.kernel.events import record
from portal.kernel.transactions import use_case

# A person's verified correction first, then public registers, then tax data, then what was typed.
ORDER = (ProfileSource.BANKER, ProfileSource.REGISTRY, ProfileSource.TAX, ProfileSource.SELF, ProfileSource.PARTNER)
_PLACES = {source.value: place for place, source in enumerate(ORDER)}


@dataclass(frozen=True, slots=True)
class Merged:
    """Flat values with their source, and the differing values of other sources."""

    values: dict[str, object]
    sources: dict[str, str]
    conflicts: dict[str, tuple[object, ...]]
    titles: list[dict] | None
    verified_titles: list[dict]


def merge(rows: Sequence[EnterpriseProfile | Said]) -> Merged:
    """Field by field by ORDER; a value that differs between two sources is a conflict unless a banker settled it."""
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    conflicts: dict[str, tuple[object, ...]] = {}
    for row in _in_order(rows):
        for key, value in flatten(row.data).items():
            if key not in values:
                values[key], sources[key] = value, row.source
            elif values[key] != value and sources[key] != ProfileSource.BANKER and key != "name":
                conflicts[key] = (*conflicts.get(key, ()), value)
    return Merged(values, sources, conflicts, *titles_of(rows))


def titles_of(rows: Sequence[EnterpriseProfile | Said]) -> tuple[list[dict] | None, list[dict]]:
    """(declared titles, None when nobody was asked; titles a banker verified), as `merge` finds them."""
    titles: list[dict] | None = None
    verified: list[dict] = []
    for row in _in_order(rows):
        if row.source == ProfileSource.BANKER:
            verified = row.data.get("titles") or []
        elif titles is None and row.data.get("titles") is not None:
            titles = row.data["titles"]
    return titles, verified


def _in_order(rows: Sequence[EnterpriseProfile | Said]) -> Sequence[EnterpriseProfile | Said]:
    return rows if len(rows) < 2 else sorted(rows, key=lambda row: _PLACES.get(row.source, len(ORDER)))


_LIVE = Consent.objects.live().filter(
    kind=ConsentKind.PARTNER, enterprise_id=OuterRef("enterprise_id"), partner_id=OuterRef("partner_id")
)
# The rows that count for the bank: no unverified claims, no sandbox, partners only under a live consent.
_USABLE = (
    EnterpriseProfile.objects.filter(~Q(source=ProfileSource.PARTNER) | Exists(_LIVE), is_sandbox=False)
    .exclude(source=ProfileSource.CLAIMED)
    .order_by("pk")
)


def usable_rows(enterprise: Enterprise) -> list[EnterpriseProfile]:
    """What counts for the bank of all that is said of an enterprise, the oldest row first."""
    return list(_USABLE.filter(enterprise=enterprise.pk))


class Said(NamedTuple):
    """One profile row, as far as `merge` reads it."""

    source: str
    data: dict


def usable_rows_of(enterprise_ids: Collection[int]) -> dict[int, list[Said]]:
    """What `usable_rows` of many enterprises say, in one statement."""
    found: dict[int, list[Said]] = {pk: [] for pk in enterprise_ids}
    rows = _USABLE.filter(enterprise_id__in=enterprise_ids)
    for enterprise_id, source, data in rows.values_list("enterprise_id", "source", "data"):
        found[enterprise_id].append(Said(source, data))
    return found


def merged(enterprise: Enterprise) -> Merged:
    """The enterprise's profile for the bank."""
    return merge(usable_rows(enterprise))


def own_profile(membership: Membership) -> EnterpriseProfile:
    """The row this member edits: the enterprise's own when verified, else what this person claimed (unsaved if new)."""
    if membership.is_verified:
        lookup = {"source": ProfileSource.SELF, "claimant": None}
    else:
        lookup = {"source": ProfileSource.CLAIMED, "claimant": membership.user}
    found = EnterpriseProfile.objects.filter(enterprise=membership.enterprise, partner=None, **lookup).first()
    return found or EnterpriseProfile(enterprise=membership.enterprise, **lookup)


@use_case
def save_figures(*, membership_id: int, seen: int, changes: dict, actor: Actor) -> EnterpriseProfile:
    """Keep figures of an enterprise outside any application.

    `seen` is the version of the row they were typed over. Raises NotPermitted unless a verified member may edit, and
    StaleObject when somebody else saved meanwhile.
    """
    membership = (
        Membership.objects.of(actor).verified().filter(pk=membership_id).select_related("enterprise", "user").first()
    )
    if membership is None or not may_edit(membership):
        raise NotPermitted("not_an_editor", "您的身份只能查看，不能修改企业资料")
    Enterprise.objects.select_for_update().get(pk=membership.enterprise_id)
    if own_profile(membership).version != seen:
        raise StaleObject("profile_changed", "资料在您打开以后被别人改过。请重新打开本页再填")
    row = write_own(membership=membership, changes=changes)
    record(
        stream=membership.enterprise.uscc,
        type="enterprise.figures_saved",
        actor=actor,
        payload={"fields": sorted(changes)},
    )
    return row


def write_own(*, membership: Membership, changes: dict) -> EnterpriseProfile:
    """Merge `changes` into the member's own profile row. Raises InvalidInput at the first contradicting field.

    Runs inside the caller's transaction. `annual` rows and the `team` / `market` groups are merged by key.
    """
    row = own_profile(membership)
    data = dict(row.data)
    for key, value in changes.items():
        if key == "annual":
            data["annual"] = _merge_annual(data.get("annual") or [], value)
        elif key in ("team", "market"):
            data[key] = {**(data.get(key) or {}), **value}
        else:
            data[key] = value
    refuse_contradictions(data, today())
    row.data, row.version = data, row.version + 1
    row.save()
    return row


def refuse_contradictions(data: dict, on: date) -> None:
    for pointer, code, message in check(data, on):
        raise InvalidInput(code, message, field=_field_of(pointer, data))


def _field_of(pointer: str, data: dict) -> str:
    """`/annual/0/revenue` → `revenue_2025`, `/team/core_members` → `core_members`: the names form fields have."""
    parts = pointer.strip("/").split("/")
    if parts[0] == "annual" and len(parts) == 3:
        return f"{parts[2]}_{data['annual'][int(parts[1])]['year']}"
    return parts[-1]


def _merge_annual(old: list[dict], new: list[dict]) -> list[dict]:
    by_year = {row["year"]: dict(row) for row in old}
    for row in new:
        by_year.setdefault(row["year"], {}).update(row)
    return [by_year[year] for year in sorted(by_year)]


def adopt_claim(membership: Membership) -> None:
    """On verification a person's own words become the enterprise's, where it has none yet."""
    claimed = EnterpriseProfile.objects.filter(
        enterprise=membership.enterprise, source=ProfileSource.CLAIMED, claimant=membership.user
    ).first()
    if claimed is None:
        return
    exists = EnterpriseProfile.objects.filter(enterprise=membership.enterprise, source=ProfileSource.SELF).exists()
    if exists:
        claimed.delete()
        return
    claimed.source, claimed.claimant = ProfileSource.SELF, None
    claimed.save()


def write_source(*, enterprise: Enterprise, source: ProfileSource, data: dict) -> EnterpriseProfile:
    """Replace what one outside source says."""
    row, created = EnterpriseProfile.objects.get_or_create(
        enterprise=enterprise, source=source, partner=None, claimant=None, defaults={"data": data}
    )
    if not created and row.data != data:
        row.data, row.version = data, row.version + 1
        row.save(update_fields=["data", "version", "updated_at"])
    return row

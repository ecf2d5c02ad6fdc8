"""Figures that the rules of titles ask and no application does: three years of business, staff, rights, capital."""

from __future__ import annotations

from decimal import Decimal

from django import forms

from accounts.profile_rules import LABELS
from portal.kernel.clock import today
from portal.kernel.fields import CountField, WanField, to_wan

# key → how many of the last full years the rules look at
YEARS = {
    "revenue": 3,
    "main_business_revenue": 3,
    "rd_expense": 3,
    "cost_and_expense": 1,
    "high_tech_income": 1,
    "total_assets": 1,
    "total_liabilities": 1,
}
COUNTS = {
    "employees": ("人", ""),
    "technical_employees": ("人", "直接从事研发和相关技术创新，以及专门从事管理和服务的人员"),
    "rd_employees": ("人", ""),
    "niche_years": ("年", "在同一细分市场从事主导产品的年数，算到上年末"),
    "class_1_ip": ("件", "发明专利、植物新品种、集成电路布图设计等，已授权的件数"),
    "class_1_ip_self_developed": ("件", ""),
    "class_2_ip": ("件", "软件著作权、实用新型、外观设计"),
}
EQUITY = ("institutional_equity_2y", "institutional_equity_3y")


class FiguresForm(forms.Form):
    """Everything may stay empty; an empty field is unknown, 0 is none."""

    seen = forms.IntegerField(widget=forms.HiddenInput)  # the version of the profile that was opened

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        last = today().year - 1
        for key, count in YEARS.items():
            for year in range(last, last - count, -1):
                self.fields[f"{key}_{year}"] = WanField(label=f"{year} 年{LABELS[key]}")
        for key, (unit, help_text) in COUNTS.items():
            self.fields[key] = CountField(label=LABELS[key], unit=unit, help_text=help_text)
        for key in EQUITY:
            self.fields[key] = WanField(label=LABELS[key])

    @classmethod
    def initial_from(cls, profile: dict, version: int) -> dict:
        initial: dict = (
            {"seen": version}
            | {key: profile.get(key) for key in COUNTS}
            | {key: to_wan(profile.get(key)) for key in EQUITY}
        )
        for row in profile.get("annual") or []:
            initial |= {f"{key}_{row['year']}": to_wan(row.get(key)) for key in YEARS}
        return initial

    def changes(self) -> dict:
        """What was changed, in the schema of the profile: a field left as it was is left to whoever changes it."""
        years: dict[int, dict] = {}
        out: dict = {}
        for name, value in ((name, self.cleaned_data[name]) for name in self.changed_data if name != "seen"):
            key, _, year = name.rpartition("_")
            if key in YEARS:
                years.setdefault(int(year), {"year": int(year)})[key] = _text(value)
            else:
                out[name] = _text(value) if name in EQUITY else value
        return out | ({"annual": list(years.values())} if years else {})


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"

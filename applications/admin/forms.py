"""Bankers' forms: shape only, the domain judges."""

from __future__ import annotations

from decimal import Decimal

from django import forms

from applications.domain.reviewing import Ask, Terms
from applications.enums import DIMENSION_MAX, DeclineReason, Dimension, Proposal, ReturnReason
from applications.models import Application
from portal.kernel.money import WAN
from products.enums import RepaymentMethod


class NoteForm(forms.Form):
    body = forms.CharField(
        label="内部备注",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写下备注内容"},
    )

    def arguments(self) -> dict:
        return {"body": self.cleaned_data["body"]}


class ScoreForm(forms.Form):
    """Points and a reason for each dimension."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for dimension in Dimension:
            top = DIMENSION_MAX[dimension]
            self.fields[f"points_{dimension}"] = forms.IntegerField(
                label=f"{dimension.label}（0–{top}）",
                min_value=0,
                max_value=top,
                required=False,
                error_messages={"invalid": "请填写整数", "max_value": f"最多 {top} 分", "min_value": "最少 0 分"},
            )
            self.fields[f"reason_{dimension}"] = forms.CharField(label="依据", max_length=500, required=False)

    def pairs(self) -> list:
        return [(self[f"points_{dimension}"], self[f"reason_{dimension}"]) for dimension in Dimension]

    def arguments(self) -> dict:
        data = self.cleaned_data
        points = {d.value: data[f"points_{d}"] for d in Dimension if data[f"points_{d}"] is not None}
        return {"points": points, "reasons": {d.value: data[f"reason_{d}"] for d in Dimension}}


class ReturnForm(forms.Form):
    reason = forms.ChoiceField(label="原因", choices=ReturnReason)
    items = forms.CharField(
        label="需要补充的内容",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=3000,
        help_text="每行一项。要说明为什么，写在竖线后面：采购合同|核对交易对手",
        error_messages={"required": "请至少写一项需要补充的内容"},
    )

    def arguments(self) -> dict:
        lines = [
            line.replace("｜", "|").partition("|") for line in self.cleaned_data["items"].splitlines() if line.strip()
        ]
        return {
            "reason": ReturnReason(self.cleaned_data["reason"]),
            "items": [Ask(title, why) for title, _, why in lines],
        }


class RecommendForm(forms.Form):
    proposal = forms.ChoiceField(label="建议", choices=Proposal, widget=forms.RadioSelect)
    amount = forms.DecimalField(label="额度（万元）", required=False, min_value=0, max_digits=12, decimal_places=2)
    rate = forms.DecimalField(label="年化利率（%）", required=False, min_value=0, max_digits=5, decimal_places=2)
    term_months = forms.IntegerField(label="期限（月）", required=False, min_value=1, max_value=600)
    repayment_method = forms.ChoiceField(label="还款方式", required=False, choices=RepaymentMethod)
    reason_code = forms.ChoiceField(label="婉拒原因", required=False, choices=[("", "—"), *DeclineReason.choices])
    comment = forms.CharField(
        label="审查意见",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明审查意见"},
    )

    @classmethod
    def initial_for(cls, application: Application) -> dict:
        return {
            "proposal": Proposal.APPROVE,
            "amount": min(application.requested_amount or 0, application.limit_amount or Decimal("Infinity")) / WAN,
            "rate": (Decimal(application.rate_range[0] or 0) / 100).quantize(Decimal("0.01")),
            "term_months": application.term_months,
            "repayment_method": application.repayment_method,
        }

    def clean(self) -> dict:
        data = super().clean()
        if data.get("proposal") == Proposal.APPROVE:
            for name in ("amount", "rate", "term_months", "repayment_method"):
                if data.get(name) in (None, "") and name not in self.errors:
                    self.add_error(name, f"请填写{self.fields[name].label}")
        return data

    def arguments(self) -> dict:
        data = self.cleaned_data
        terms = None
        if data["proposal"] == Proposal.APPROVE:
            terms = Terms(data["amount"] * WAN, int(data["rate"] * 100), data["term_months"], data["repayment_method"])
        reason = DeclineReason(data["reason_code"]) if data["reason_code"] else None
        return {"proposal": Proposal(data["proposal"]), "terms": terms, "reason": reason, "comment": data["comment"]}


class ApproveForm(forms.Form):
    recommendation_id = forms.IntegerField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label="审批意见", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def arguments(self) -> dict:
        return dict(self.cleaned_data)


class DeclineForm(ApproveForm):
    reason_code = forms.ChoiceField(label="婉拒原因", choices=DeclineReason)

    def arguments(self) -> dict:
        data = self.cleaned_data
        return {
            "recommendation_id": data["recommendation_id"],
            "comment": data["comment"],
            "reason": DeclineReason(data["reason_code"]),
        }


class SendBackForm(forms.Form):
    comment = forms.CharField(
        label="退回原因",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明退回原因"},
    )

    def arguments(self) -> dict:
        return dict(self.cleaned_data)


class CompleteForm(forms.Form):
    comment = forms.CharField(label="办结说明", max_length=1000, required=False)

    def arguments(self) -> dict:
        return {"outcome": "complete", "reason": None, "comment": self.cleaned_data["comment"]}


class DeclineServiceForm(forms.Form):
    reason_code = forms.ChoiceField(label="婉拒原因", choices=DeclineReason)
    comment = forms.CharField(label="说明", max_length=1000, required=False)

    def arguments(self) -> dict:
        return {
            "outcome": "decline",
            "reason": DeclineReason(self.cleaned_data["reason_code"]),
            "comment": self.cleaned_data["comment"],
        }


class EmptyForm(forms.Form):
    def arguments(self) -> dict:
        return {}

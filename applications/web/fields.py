"""The form field of a product's own question, and its answer on the way in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django import forms

from portal.kernel.fields import CountField, WanField, YesNoField, yes_no
from portal.kernel.money import WAN
from products.models import Product
from products.questions import MAX_TEXT, Question


def shown_answer(value: object) -> object:
    """A stored answer as its form shows it."""
    return yes_no(value) if isinstance(value, bool) else value


def stored_answer(value: object) -> object:
    """A cleaned answer in the form that JSON keeps: amounts decimal strings in 元, dates ISO."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def question_field(question: Question, product: Product) -> forms.Field:
    """The form field of a product's own question. `when` goes along for the script that hides what is not asked."""
    condition = product.condition_words(question.when)
    common = {
        "label": question.label,
        "help_text": f"{condition}时填写。{question.help}" if condition else question.help,
    }
    if question.type == "choice":
        choices = list(question.choices)
        field = forms.ChoiceField(required=False, widget=forms.RadioSelect, choices=choices, **common)
    elif question.type == "yes_no":
        field = YesNoField(**common)
    elif question.type == "amount":
        field = WanField(**common)
    elif question.type == "count":
        field = CountField(unit=question.unit or "个", **common)
    elif question.type == "date":
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        field = forms.DateField(required=False, widget=widget, **common)
        field.error_messages["invalid"] = "请按 2026-06-30 的样子填写日期"
    else:
        field = forms.CharField(required=False, max_length=MAX_TEXT, **common)
    field.when = dict(question.when)
    field.when_json = json.dumps(_typed(question.when), ensure_ascii=False) if question.when else ""
    return field


def _typed(when: Mapping[str, object]) -> dict:
    """A condition in the values that the form's controls have: 万元, yes and no."""
    out: dict = {}
    for name, wanted in when.items():
        if isinstance(wanted, dict):
            bound = Decimal(wanted["over"]) / WAN if name == "requested_amount" else Decimal(wanted["over"])
            out[name] = {"over": float(bound)}
        else:
            out[name] = [yes_no(v) if isinstance(v, bool) else v for v in wanted]  # type: ignore[attr-defined]
    return out

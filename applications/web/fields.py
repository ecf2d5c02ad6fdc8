"""Fields of the application forms: amounts typed in 万元, counts, three-way yes or no."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal

from django import forms

from portal.kernel.money import WAN
from products.models import Product
from products.questions import MAX_TEXT, Question

_BAD_NUMBER = "请填写数字，例如 5200"


class WanField(forms.DecimalField):
    """An amount typed in 万元 and cleaned to 元."""

    unit = "万元"

    def __init__(self, *, negative: bool = False, **kwargs: object) -> None:
        super().__init__(
            required=False,
            min_value=None if negative else 0,
            max_value=Decimal(900_000_000),
            max_digits=15,
            decimal_places=6,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages={
                "invalid": _BAD_NUMBER,
                "min_value": "不能小于 0",
                "max_value": "数字太大，单位是万元",
                "max_decimal_places": "最多 6 位小数",
                "max_digits": "数字太长，单位是万元",
                "max_whole_digits": "数字太长，单位是万元",
            },
            **kwargs,
        )

    def to_python(self, value: object) -> Decimal | None:
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").strip()
        return super().to_python(value)

    def clean(self, value: object) -> Decimal | None:
        amount = super().clean(value)
        return None if amount is None else (amount * WAN).quantize(Decimal("0.01"))


class CountField(forms.IntegerField):
    def __init__(self, *, unit: str = "人", **kwargs: object) -> None:
        self.unit = unit
        super().__init__(
            required=False,
            min_value=0,
            max_value=10_000_000,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            error_messages={
                "invalid": "请填写整数，没有请填 0",
                "min_value": "不能小于 0",
                "max_value": "数字太大，请核对",
            },
            **kwargs,
        )

    def to_python(self, value: object) -> int | None:
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").strip()
        return super().to_python(value)


class YesNoField(forms.TypedChoiceField):
    """是 / 否 / 不确定; 不确定 is an answer and stays unknown."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(
            choices=[("yes", "是"), ("no", "否"), ("", "不确定")],
            widget=forms.RadioSelect,
            required=False,
            coerce=lambda v: v == "yes",
            empty_value=None,
            **kwargs,
        )


def yes_no(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, "")  # type: ignore[call-overload]


def to_wan(value: object) -> str:
    """A stored decimal string in 元 as the 万元 a form shows."""
    if value in (None, ""):
        return ""
    number = (Decimal(str(value)) / WAN).normalize()
    return f"{number:f}"


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
    return field

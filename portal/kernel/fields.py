"""Form fields of the site: amounts typed in 万元, counts, three-way yes or no."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from django import forms

from portal.kernel.money import WAN

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


class PercentField(forms.DecimalField):
    """A share from 0 to 100, with up to four places."""

    unit = "%"

    def __init__(self, **kwargs: object) -> None:
        super().__init__(
            required=False,
            min_value=0,
            max_value=100,
            max_digits=7,
            decimal_places=4,
            widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            error_messages={
                "invalid": "请填写数字，例如 12.5",
                "max_value": "不能大于 100",
                "min_value": "不能小于 0",
            },
            **kwargs,
        )


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

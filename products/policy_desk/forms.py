"""Forms of the policy desk: shape only, the domain judges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django import forms
from django.forms.formsets import BaseFormSet

from products.policy.document import DocumentError, compile_document
from products.policy.tables import COLUMNS, CellError, Column, Row

MAX_ROWS = 60  # in the editor; a longer policy goes by workbook
SPARE_ROWS = 2
DATE_INPUT = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DraftForm(forms.Form):
    """What is said of a draft beside its table. `seen` is the state it was opened in."""

    title = forms.CharField(label="政策名称", max_length=100)
    effective_from = forms.DateField(
        label="生效日期", widget=DATE_INPUT, error_messages={"invalid": "日期要写成 2026-12-31 的样子"}
    )
    summary = forms.CharField(label="为什么改", max_length=200, help_text="给复核的人和以后的人看")
    seen = forms.IntegerField(widget=forms.HiddenInput)


class WholeJSONField(forms.JSONField):
    """JSON of any shape or none: what cannot be read at all is an error like any other."""

    def to_python(self, value: object) -> object:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError("读不懂") from error


class SaveForm(forms.Form):
    """A document that was read from a file and looked at, to be kept as the draft."""

    document = WholeJSONField(widget=forms.HiddenInput)
    effective_from = DraftForm.base_fields["effective_from"]
    summary = DraftForm.base_fields["summary"]
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    cases = WholeJSONField(widget=forms.HiddenInput, required=False)
    number = forms.IntegerField(widget=forms.HiddenInput, required=False)  # of the draft that `seen` speaks of

    def clean_document(self) -> dict:
        try:
            compile_document(self.cleaned_data["document"])
        except DocumentError as error:
            raise forms.ValidationError(str(error)) from error
        return self.cleaned_data["document"]

    def clean_cases(self) -> list[dict]:
        cases = self.cleaned_data["cases"] or []
        if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
            raise forms.ValidationError("读不懂")
        return cases


class FileForm(forms.Form):
    file = forms.FileField(label="工作簿（.xlsx）或政策文件（.json）", error_messages={"required": "请选择文件"})


class PlainForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(PlainForm):
    reason = forms.CharField(label="原因", max_length=200, error_messages={"required": "请写明原因"})


class RetireForm(ReasonForm):
    last_day = forms.DateField(
        label="最后一天",
        widget=DATE_INPUT,
        help_text="还没有生效的版本填今天，就不会生效",
        error_messages={"required": "请选择最后一天"},
    )


class TrialForm(forms.Form):
    facts = forms.CharField(
        label="指标",
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text="一行一个，例如：成立年限 = 30个月。不写的就是缺数据",
    )


class GoldenForm(TrialForm):
    name = forms.CharField(label="样例名称", max_length=60, error_messages={"required": "请给样例起个名字"})
    expected = forms.CharField(label="应得的结果", max_length=100, error_messages={"required": "请写应得的结果"})

    def __init__(self, *args: object, choices: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["facts"].widget = forms.HiddenInput()
        if choices:
            self.fields["expected"].widget = forms.Select(choices=choices)


def _field(column: Column) -> forms.CharField:
    if column.choices:
        widget: forms.Widget = forms.Select(choices=[("", "—"), *((word, word) for word in column.choices)])
    elif column.lines > 1:
        widget = forms.Textarea(attrs={"rows": column.lines, "spellcheck": "false"})
    else:
        widget = forms.TextInput
    return forms.CharField(label=column.label, required=False, max_length=2000, widget=widget)


@lru_cache(maxsize=4)
def table_formset(kind: str) -> type[BaseFormSet]:
    """The table of a kind of policy as a formset of lines that can be moved, removed and added to."""
    line = type("LineForm", (forms.Form,), {column.key: _field(column) for column in COLUMNS[kind]})
    return forms.formset_factory(
        line, extra=SPARE_ROWS, can_order=True, can_delete=True, max_num=MAX_ROWS + SPARE_ROWS, validate_max=True
    )


def lines_of(formset: BaseFormSet) -> tuple[list[Row], list[forms.Form]]:
    """Lines that hold anything, in the order asked for, and the form of each."""
    filled = [form for form in formset.ordered_forms if any(_words(form).values())]
    return [_words(form) for form in filled], filled


def _words(form: forms.Form) -> Row:
    return {name: form.cleaned_data.get(name, "") for name in form.base_fields if name not in ("ORDER", "DELETE")}


def put_cell_errors(errors: Sequence[CellError], lines: Sequence[forms.Form], whole: forms.Form) -> None:
    """Every fault of a table at its field; what belongs to no cell, at the top."""
    for error in errors:
        if error.row is None:
            whole.add_error(error.column if error.column in whole.fields else None, error.message)
        else:
            form = lines[error.row]
            form.add_error(error.column if error.column in form.fields else None, error.message)

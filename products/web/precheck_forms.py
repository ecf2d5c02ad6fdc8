"""One small form a question of the pre-check. Everything may stay empty: what is not known goes to a person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django import forms

from portal.kernel.clock import today
from portal.kernel.fields import CountField, PercentField, WanField, YesNoField, to_wan, yes_no
from products.enums import Purpose, TitleKind
from products.prechecks import INDUSTRIES

# The only regional list the tiers tell apart is Beijing's.
TITLES = [(k, f"北京市{w}" if k == TitleKind.SRDI_SME else w) for k, w in TitleKind.choices[:6]]
UNSURE = ("", "不确定")


class StepForm(forms.Form):
    """A question: `cleaned()` gives its answer in JSON form, blank fields left out."""

    def cleaned(self) -> dict:
        return {k: _plain(v) for k, v in self.cleaned_data.items() if v not in (None, "", [])}

    @classmethod
    def initial_from(cls, answer: dict) -> dict:
        fields = cls.base_fields
        return {k: _shown(fields[k], v) for k, v in answer.items() if k in fields}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value


def _shown(field: forms.Field, value: object) -> object:
    if isinstance(field, WanField):
        return to_wan(value)
    return yes_no(value) if isinstance(value, bool) else value


class FoundedForm(StepForm):
    established_on = forms.DateField(
        label="成立日期",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "请按 2019-06-11 的样子填写日期"},
    )

    def clean_established_on(self) -> date | None:
        day = self.cleaned_data["established_on"]
        if day and day > today():
            raise forms.ValidationError("成立日期不能晚于今天")
        if day and day.year < 1900:
            raise forms.ValidationError("请核对年份")
        return day


class IndustryForm(StepForm):
    industry_code = forms.ChoiceField(
        label="行业", required=False, widget=forms.RadioSelect, choices=[*INDUSTRIES, ("", "其他或不确定")]
    )


class PeopleForm(StepForm):
    employees = CountField(label="员工人数")
    rd_employees = CountField(label="其中研发人员")

    def clean(self) -> dict:
        data = self.cleaned_data
        staff, research = data.get("employees"), data.get("rd_employees")
        if staff is not None and research is not None and research > staff:
            self.add_error("rd_employees", f"研发人员不能多于员工人数 {staff}")
        return data


class SalesForm(StepForm):
    revenue = WanField(label="营业收入")
    tax_grade = forms.ChoiceField(
        label="纳税信用级别",
        required=False,
        widget=forms.RadioSelect,
        choices=[*((g, f"{g} 级") for g in "ABMCD"), UNSURE],
        help_text="在电子税务局可以查到",
    )


class ResearchForm(StepForm):
    rd_expense = WanField(label="上一年研发费用")
    rd_expense_before = WanField(label="前一年研发费用")


class PropertyForm(StepForm):
    class_1_ip = CountField(label="Ⅰ类：发明专利、植物新品种、集成电路布图设计等", unit="件")
    class_1_ip_self_developed = CountField(label="其中自主研发（不是买来的）", unit="件")
    class_2_ip = CountField(label="Ⅱ类：软件著作权、实用新型、外观设计", unit="件")

    def clean(self) -> dict:
        data = self.cleaned_data
        total, own = data.get("class_1_ip"), data.get("class_1_ip_self_developed")
        if total is not None and own is not None and own > total:
            self.add_error("class_1_ip_self_developed", f"不能多于Ⅰ类的 {total} 件")
        return data


class TitlesForm(StepForm):
    NONE, UNKNOWN = "none", "unsure"
    titles = forms.MultipleChoiceField(
        label="科技资质",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[*TITLES, (NONE, "都没有"), (UNKNOWN, "不确定，相关条件会标为“转人工”")],
    )

    def clean_titles(self) -> list[str]:
        chosen = self.cleaned_data["titles"]
        if len(chosen) > 1 and {self.NONE, self.UNKNOWN} & set(chosen):
            raise forms.ValidationError("选了「都没有」或「不确定」就不能再选其他资质")
        return chosen

    def cleaned(self) -> dict:
        chosen = self.cleaned_data["titles"]
        if not chosen or chosen == [self.UNKNOWN]:
            return {}
        return {"titles": [] if chosen == [self.NONE] else chosen}

    @classmethod
    def initial_from(cls, answer: dict) -> dict:
        if "titles" not in answer:
            return {}
        return {"titles": answer["titles"] or [cls.NONE]}


class TeamForm(StepForm):
    founder_doctorate = YesNoField(label="创始人有博士学位或正高级职称")
    doctorates_or_senior_titles = CountField(label="博士或高级职称人数")
    core_members = CountField(label="核心团队人数")


class MarketForm(StepForm):
    share_pct = PercentField(label="国内市场占有率")
    rank_national = CountField(label="全国排名", unit="名")
    chain_leader_customers = CountField(label="链主企业客户数", unit="家", help_text="行业龙头、上市公司等")

    def clean_rank_national(self) -> int | None:
        rank = self.cleaned_data["rank_national"]
        if rank == 0:
            raise forms.ValidationError("排名从 1 开始；不清楚请留空")
        return rank


class WishForm(StepForm):
    requested_amount = WanField(label="想借多少")
    term_months = CountField(label="用多久", unit="个月")
    purpose = forms.ChoiceField(
        label="主要用途", required=False, widget=forms.RadioSelect, choices=[*Purpose.choices, ("", "还没想好")]
    )

    def clean_requested_amount(self) -> Decimal | None:
        return self.cleaned_data["requested_amount"] or None  # nothing asked for is no request

    def clean_term_months(self) -> int | None:
        months = self.cleaned_data["term_months"]
        if months is not None and not 1 <= months <= 600:
            raise forms.ValidationError("期限在 1 到 600 个月之间")
        return months


FORMS: dict[str, type[StepForm]] = {
    "founded": FoundedForm,
    "industry": IndustryForm,
    "people": PeopleForm,
    "sales": SalesForm,
    "research": ResearchForm,
    "property": PropertyForm,
    "titles": TitlesForm,
    "team": TeamForm,
    "market": MarketForm,
    "wish": WishForm,
}

"""Forms of the application: one per section. Everything may be left empty in a draft; types and bounds are checked here."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from django import forms

from accounts.profile_rules import DISTRICT_NAMES, INDUSTRY, LABELS, MAY_BE_NEGATIVE
from applications.models import Application
from portal.kernel import files
from portal.kernel.clock import today
from portal.kernel.money import WAN
from products.enums import RepaymentMethod, TitleKind

BAD_NUMBER = "请填写数字，例如 5200"


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
                "invalid": BAD_NUMBER,
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

    def prepare_value(self, value: object) -> object:
        return value


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


class SectionForm(forms.Form):
    """A section: `initial_from` fills it, `changes` gives (profile changes, request changes)."""

    title = ""
    lead = ""
    in_columns = False

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        raise TypeError(cls)

    def changes(self) -> tuple[dict, dict]:
        raise TypeError(type(self))


class NeedForm(SectionForm):
    title, lead = "融资需求", "先说需要多少钱、用多久、怎么还。审批结果可能不同。"
    requested_amount = WanField(label="申请金额")
    term_months = CountField(label="期限", unit="个月")
    repayment_method = forms.ChoiceField(label="还款方式", widget=forms.RadioSelect, required=False)
    purpose = forms.ChoiceField(label="资金用途", widget=forms.RadioSelect, required=False)
    purpose_detail = forms.CharField(
        label="具体用在哪里",
        max_length=500,
        required=False,
        help_text="例如：采购传感器芯片，用于二代产品小批量试产",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    counterparties = forms.CharField(
        label="主要交易对手",
        max_length=500,
        required=False,
        help_text="每行一家，没有确定可以不填",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        product = application.product
        self.fields[
            "requested_amount"
        ].help_text = f"{product.name}：{product.min_amount / WAN:,.0f}–{product.max_amount / WAN:,.0f} 万元"
        self.fields["term_months"].help_text = f"最长 {product.max_term_months} 个月"
        self.fields["repayment_method"].choices = [(m, RepaymentMethod(m).label) for m in product.methods]
        self.fields["purpose"].choices = product.purpose_choices

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        return {
            "requested_amount": to_wan(application.requested_amount),
            "term_months": application.term_months,
            "repayment_method": application.repayment_method,
            "purpose": application.purpose,
            "purpose_detail": application.purpose_detail,
            "counterparties": "\n".join(application.counterparties),
        }

    def changes(self) -> tuple[dict, dict]:
        data = dict(self.cleaned_data)
        data["counterparties"] = [line.strip()[:100] for line in data["counterparties"].splitlines() if line.strip()][
            :10
        ]
        return {}, data


class AccountNeedForm(SectionForm):
    title, lead = "开户需求", "告诉我们要开什么账户，到网点一次办完。"
    account_kind = forms.ChoiceField(
        label="账户种类",
        required=False,
        widget=forms.RadioSelect,
        choices=[("basic", "基本存款账户（企业第一个账户）"), ("general", "一般存款账户")],
    )
    accounts = CountField(label="需要开几个", unit="个")
    purpose_detail = forms.CharField(
        label="主要用途", max_length=500, required=False, help_text="例如：日常结算、发放工资、缴税"
    )

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        return {**application.answers, "purpose_detail": application.purpose_detail}

    def changes(self) -> tuple[dict, dict]:
        return {}, {
            "answers": {"account_kind": self.cleaned_data["account_kind"], "accounts": self.cleaned_data["accounts"]},
            "purpose_detail": self.cleaned_data["purpose_detail"],
        }


class EnterpriseForm(SectionForm):
    title, lead = "企业信息", "工商登记带出的内容请核对，不对的直接改。"
    name = forms.CharField(label=LABELS["name"], max_length=200, required=False)
    established_on = forms.DateField(
        label=LABELS["established_on"],
        required=False,
        help_text="年-月-日，例如 2019-06-11",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "请按 2019-06-11 的样子填写日期"},
    )
    district_code = forms.ChoiceField(
        label=LABELS["district_code"], required=False, choices=[("", "不在北京或不确定"), *DISTRICT_NAMES.items()]
    )
    industry_code = forms.CharField(
        label="行业代码",
        max_length=5,
        required=False,
        help_text="国民经济行业分类：门类字母加 2–4 位数字，例如 I65 软件和信息技术服务业、C39 计算机通信设备制造、M73 研究和试验发展",
    )
    employees = CountField(label=LABELS["employees"])

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        return {key: profile.get(key) for key in cls.base_fields}

    def clean_industry_code(self) -> str:
        code = unicodedata.normalize("NFKC", self.cleaned_data["industry_code"]).strip().upper()
        if code and not INDUSTRY.match(code):
            raise forms.ValidationError("请填门类字母加 2–4 位数字，例如 I65")
        return code

    def changes(self) -> tuple[dict, dict]:
        data = {k: (v if v not in ("",) else None) for k, v in self.cleaned_data.items()}
        if data["established_on"]:
            data["established_on"] = data["established_on"].isoformat()
        return data, {}


class OperationsForm(SectionForm):
    """Two full years of figures, staff, intellectual property, titles. A blank stays unknown: a person asks."""

    title, lead = "经营与研发", "按最近两个完整年度填写。不清楚的可以留空，由客户经理核实，不影响提交；没有请填 0。"
    in_columns = True
    annual_keys = ("revenue", "rd_expense", "total_assets", "total_liabilities", "net_profit")
    count_keys = (
        ("rd_employees", "人"),
        ("technical_employees", "人"),
        ("class_1_ip", "件"),
        ("class_1_ip_self_developed", "件"),
        ("class_2_ip", "件"),
    )

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.years = (today().year - 1, today().year - 2)
        for key in self.annual_keys:
            for year in self.years:
                self.fields[f"{key}_{year}"] = WanField(
                    label=f"{year} 年{LABELS[key]}", negative=key in MAY_BE_NEGATIVE
                )
        for key, unit in self.count_keys:
            self.fields[key] = CountField(label=LABELS[key], unit=unit)
        self.fields["class_1_ip"].help_text = "发明专利、植物新品种、集成电路布图设计等，已授权的件数"
        self.fields["class_2_ip"].help_text = "软件著作权、实用新型、外观设计"
        self.fields["institutional_equity_3y"] = WanField(label=LABELS["institutional_equity_3y"])
        self.fields["titles"] = forms.MultipleChoiceField(
            label="目前持有的资质",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[*TitleKind.choices[:6], ("none", "都没有")],
            help_text="勾选后我们用名单或证书核对；都没有请勾最后一项",
        )

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        initial: dict = {key: profile.get(key) for key, _ in cls.count_keys}
        for row in profile.get("annual") or []:
            initial |= {f"{key}_{row['year']}": to_wan(row.get(key)) for key in cls.annual_keys}
        initial["institutional_equity_3y"] = to_wan(profile.get("institutional_equity_3y"))
        titles = profile.get("titles")
        initial["titles"] = ["none"] if titles == [] else [t["kind"] for t in titles or []]
        return initial

    def clean_titles(self) -> list[str]:
        chosen = self.cleaned_data["titles"]
        if "none" in chosen and len(chosen) > 1:
            raise forms.ValidationError("选了「都没有」就不能再选其他资质")
        return chosen

    def changes(self) -> tuple[dict, dict]:
        data = self.cleaned_data
        annual = [{"year": y, **{k: _text(data.get(f"{k}_{y}")) for k in self.annual_keys}} for y in self.years]
        profile: dict = {
            "annual": annual,
            "institutional_equity_3y": _text(data["institutional_equity_3y"]),
            **{key: data.get(key) for key, _ in self.count_keys},
        }
        chosen = data["titles"]
        profile["titles"] = (
            None
            if not chosen
            else []
            if chosen == ["none"]
            else [{"kind": kind, "region": "110000"} for kind in chosen]
        )
        return profile, {}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


class TeamForm(SectionForm):
    title, lead = "团队与市场", "技术、团队和行业地位是我们最看重的三项。不清楚的可以留空。"
    founder_doctorate = YesNoField(label="创始人有博士学位或正高级职称")
    doctorates_or_senior_titles = CountField(label=LABELS["doctorates_or_senior_titles"])
    core_members = CountField(label=LABELS["core_members"])
    key_talent_programme = YesNoField(label="核心成员入选国家或北京市重点人才计划")
    share_pct = forms.DecimalField(
        label="主要产品的国内市场占有率",
        required=False,
        min_value=0,
        max_value=100,
        max_digits=7,
        decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"invalid": "请填写数字，例如 12.5", "max_value": "不能大于 100", "min_value": "不能小于 0"},
    )
    share_pct.unit = "%"
    rank_national = CountField(label="细分市场全国排名", unit="名")
    chain_leader_customers = CountField(label=LABELS["chain_leader_customers"], unit="家")
    standards_led = CountField(label="主导制定的国家、行业标准", unit="项")
    team_keys = ("founder_doctorate", "doctorates_or_senior_titles", "core_members", "key_talent_programme")
    market_keys = ("share_pct", "rank_national", "chain_leader_customers", "standards_led")

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        team, market = profile.get("team") or {}, profile.get("market") or {}
        initial = {**{k: team.get(k) for k in cls.team_keys}, **{k: market.get(k) for k in cls.market_keys}}
        for key in ("founder_doctorate", "key_talent_programme"):
            initial[key] = yes_no(initial[key])
        return initial

    def clean_rank_national(self) -> int | None:
        rank = self.cleaned_data["rank_national"]
        if rank == 0:
            raise forms.ValidationError("排名从 1 开始；不清楚请留空")
        return rank

    def changes(self) -> tuple[dict, dict]:
        data = dict(self.cleaned_data)
        if data["share_pct"] is not None:
            data["share_pct"] = f"{data['share_pct']:f}"
        return {"team": {k: data[k] for k in self.team_keys}, "market": {k: data[k] for k in self.market_keys}}, {}


class UploadForm(forms.Form):
    kind = forms.CharField(widget=forms.HiddenInput, max_length=40)
    file = forms.FileField(
        label="选择文件",
        widget=forms.FileInput(attrs={"accept": files.ACCEPT}),
        error_messages={
            "required": "请选择文件",
            "empty": "文件是空的，请重新选择",
            "max_length": "文件名太长，请改短后再传",
        },
        max_length=200,
    )


FORMS: dict[str, type[SectionForm]] = {
    "need": NeedForm,
    "enterprise": EnterpriseForm,
    "operations": OperationsForm,
    "team": TeamForm,
}


def form_class(application: Application, section: str) -> type[SectionForm]:
    return AccountNeedForm if section == "need" and not application.is_credit else FORMS[section]

"""Forms of the application: one per section. Everything may be left empty in a draft; types and bounds are checked here."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from django import forms

from accounts.profile_rules import ANNUAL_AMOUNTS, DISTRICT_NAMES, EQUITY, INDUSTRY, LABELS, MAY_BE_NEGATIVE
from applications.checklist import SERVICE_NEED
from applications.models import Application
from applications.web.fields import question_field, shown_answer, stored_answer
from portal.kernel import files
from portal.kernel.clock import today
from portal.kernel.fields import CountField, PercentField, WanField, YesNoField, to_wan, yes_no
from products.enums import RepaymentMethod, TitleKind
from products.questions import OPERATION_KEYS


class SectionForm(forms.Form):
    """A section: `initial_from` fills it, `changes` gives (profile changes, request changes)."""

    title = ""
    lead = ""
    in_columns = False

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.product = application.product

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        raise TypeError(cls)

    def changes(self) -> tuple[dict, dict]:
        raise TypeError(type(self))


class NeedForm(SectionForm):
    """What is asked of the bank: the request, and the product's own questions."""

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
        super().__init__(*args, application=application, **kwargs)
        product = application.product
        self.fields["requested_amount"].help_text = f"{product.name}：{product.amount_words}"
        self.fields["term_months"].help_text = f"最长 {product.max_term_months} 个月"
        self.fields["repayment_method"].choices = [(m, RepaymentMethod(m).label) for m in product.methods]
        self.fields["purpose"].choices = product.purpose_choices
        if "counterparties" not in product.asked_keys:
            del self.fields["counterparties"]
        self.add_questions()

    def add_questions(self) -> None:
        for question in self.product.own_questions:
            self.fields[question.code] = question_field(question, self.product)

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        initial = {
            "requested_amount": to_wan(application.requested_amount),
            "term_months": application.term_months,
            "repayment_method": application.repayment_method,
            "purpose": application.purpose,
            "purpose_detail": application.purpose_detail,
            "counterparties": "\n".join(application.counterparties),
        }
        for question in application.product.own_questions:
            value = application.answers.get(question.code)
            initial[question.code] = to_wan(value) if question.type == "amount" else shown_answer(value)
        return initial

    def changes(self) -> tuple[dict, dict]:
        own = {q.code for q in self.product.own_questions}
        data = {name: value for name, value in self.cleaned_data.items() if name not in own}
        if "counterparties" in data:
            lines = [line.strip()[:100] for line in data["counterparties"].splitlines() if line.strip()]
            data["counterparties"] = lines[:10]
        data["answers"] = {code: stored_answer(self.cleaned_data[code]) for code in own if code in self.cleaned_data}
        return {}, data


class ServiceNeedForm(NeedForm):
    """What a service is asked for: its own questions and a word beside."""

    title, lead = SERVICE_NEED, "告诉我们要办什么，客户经理先备好再联系您。"
    requested_amount = term_months = repayment_method = purpose = counterparties = None
    purpose_detail = forms.CharField(
        label="补充说明", max_length=500, required=False, help_text="还有什么想让客户经理先知道的，可以不填"
    )

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        SectionForm.__init__(self, *args, application=application, **kwargs)
        self.add_questions()
        self.order_fields([q.code for q in self.product.own_questions])


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
    """Figures of full years, staff, intellectual property, titles: what the product asks. A blank stays unknown: a person asks."""

    title, lead = "经营与研发", "按完整年度填写。不清楚的可以留空，由客户经理核实，不影响提交；没有请填 0。"
    in_columns = True
    count_units = {"rd_employees": "人", "technical_employees": "人"}
    helps = {
        "class_1_ip": "发明专利、植物新品种、集成电路布图设计等，已授权的件数",
        "class_2_ip": "软件著作权、实用新型、外观设计",
    }

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, application=application, **kwargs)
        self.last_year = today().year - 1
        for key in self.product.asked_keys:
            scope, _, name = key.rpartition(".")
            if scope in ("last", "annual"):
                for year in (self.last_year, self.last_year - 1)[: 2 if scope == "annual" else 1]:
                    label = f"{year} 年{LABELS[name]}"
                    self.fields[f"{name}_{year}"] = WanField(label=label, negative=name in MAY_BE_NEGATIVE)
            elif key == "titles":
                self.fields["titles"] = self.titles_field()
            elif key in EQUITY:
                self.fields[key] = WanField(label=LABELS[key])
            elif key in OPERATION_KEYS:
                unit = self.count_units.get(key, "件")
                self.fields[key] = CountField(label=LABELS[key], unit=unit, help_text=self.helps.get(key, ""))

    @staticmethod
    def titles_field() -> forms.Field:
        return forms.MultipleChoiceField(
            label="目前持有的资质",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[*TitleKind.choices[:6], ("none", "都没有")],
            help_text="勾选后我们用名单或证书核对；都没有请勾最后一项",
        )

    @classmethod
    def initial_from(cls, application: Application, profile: dict) -> dict:
        initial: dict = {key: profile.get(key) for key in OPERATION_KEYS if "." not in key}
        for row in profile.get("annual") or []:
            initial |= {f"{key}_{row['year']}": to_wan(row.get(key)) for key in ANNUAL_AMOUNTS}
        initial |= {key: to_wan(profile.get(key)) for key in EQUITY}
        titles = profile.get("titles")
        initial["titles"] = ["none"] if titles == [] else [t["kind"] for t in titles or []]
        return initial

    def clean_titles(self) -> list[str]:
        chosen = self.cleaned_data["titles"]
        if "none" in chosen and len(chosen) > 1:
            raise forms.ValidationError("选了「都没有」就不能再选其他资质")
        return chosen

    def changes(self) -> tuple[dict, dict]:
        profile: dict = {}
        years: dict[int, dict] = {}
        for name, value in self.cleaned_data.items():
            key, _, year = name.rpartition("_")
            if year.isdigit() and key in ANNUAL_AMOUNTS:
                years.setdefault(int(year), {"year": int(year)})[key] = _text(value)
            elif name == "titles":
                profile["titles"] = self._titles(value)
            else:
                profile[name] = _text(value) if name in EQUITY else value
        if years:
            profile["annual"] = list(years.values())
        return profile, {}

    @staticmethod
    def _titles(chosen: list[str]) -> list[dict] | None:
        if not chosen:
            return None
        return [] if chosen == ["none"] else [{"kind": kind, "region": "110000"} for kind in chosen]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


class TeamForm(SectionForm):
    title, lead = "团队与市场", "技术、团队和行业地位是我们最看重的三项。不清楚的可以留空。"
    founder_doctorate = YesNoField(label="创始人有博士学位或正高级职称")
    doctorates_or_senior_titles = CountField(label=LABELS["doctorates_or_senior_titles"])
    core_members = CountField(label=LABELS["core_members"])
    key_talent_programme = YesNoField(label="核心成员入选国家或北京市重点人才计划")
    share_pct = PercentField(label="主要产品的国内市场占有率")
    rank_national = CountField(label="细分市场全国排名", unit="名")
    chain_leader_customers = CountField(label=LABELS["chain_leader_customers"], unit="家")
    standards_led = CountField(label="主导制定的国家、行业标准", unit="项")
    team_keys = ("founder_doctorate", "doctorates_or_senior_titles", "core_members", "key_talent_programme")
    market_keys = ("share_pct", "rank_national", "chain_leader_customers", "standards_led")

    def __init__(self, *args: object, application: Application, **kwargs: object) -> None:
        super().__init__(*args, application=application, **kwargs)
        for key in set(self.fields) - set(self.product.asked_keys):
            del self.fields[key]

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
        if data.get("share_pct") is not None:
            data["share_pct"] = f"{data['share_pct']:f}"
        groups = {"team": self.team_keys, "market": self.market_keys}
        filled = {group: {k: data[k] for k in keys if k in data} for group, keys in groups.items()}
        return {group: values for group, values in filled.items() if values}, {}


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
    return ServiceNeedForm if section == "need" and not application.is_credit else FORMS[section]

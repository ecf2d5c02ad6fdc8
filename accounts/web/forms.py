"""Forms of sign-in and onboarding: shape only, the domain judges."""

from __future__ import annotations

from allauth.account.forms import LoginForm
from django import forms

from accounts.enums import Role


class StaffLoginForm(LoginForm):
    """Staff cannot reset a password themselves, so the form does not offer it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = "忘记密码请联系系统管理员"


class AddressForm(forms.Form):
    address = forms.CharField(
        label="手机号或邮箱",
        max_length=254,
        help_text="第一次使用会自动注册。我们只用它登录和通知您",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
        error_messages={"required": "请填写手机号或邮箱"},
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label="验证码",
        max_length=12,
        help_text="6 位数字，5 分钟内有效",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
        error_messages={"required": "请填写收到的验证码"},
    )


class ClaimForm(forms.Form):
    uscc = forms.CharField(
        label="统一社会信用代码",
        max_length=40,
        help_text="营业执照上的 18 位代码",
        widget=forms.TextInput(attrs={"data-uscc": "", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "请填写统一社会信用代码"},
    )
    name = forms.CharField(
        label="企业名称", max_length=200, required=False, help_text="登记查得到时会自动带出，可以不填"
    )
    role = forms.ChoiceField(
        label="您的身份",
        choices=[
            (Role.LEGAL_REP.value, "法定代表人"),
            (Role.AGENT.value, "经办人（需要法定代表人邀请或客户经理核实）"),
        ],
        widget=forms.RadioSelect,
        initial=Role.LEGAL_REP,
    )


class IdentityForm(forms.Form):
    name = forms.CharField(
        label="姓名", max_length=60, help_text="与营业执照上的法定代表人一致", error_messages={"required": "请填写姓名"}
    )
    id_number = forms.CharField(
        label="身份证号",
        max_length=30,
        help_text="只用于本次核验，不保存",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "请填写身份证号"},
    )


class InviteForm(forms.Form):
    address = forms.CharField(
        label="同事的手机号或邮箱", max_length=254, error_messages={"required": "请填写同事的手机号或邮箱"}
    )
    role = forms.ChoiceField(
        label="角色",
        choices=[(Role.AGENT.value, "经办人：填写、授权、提交"), (Role.VIEWER.value, "仅查看")],
        widget=forms.RadioSelect,
        initial=Role.AGENT,
    )

"""One-time codes: sign-up and sign-in in one step.

Hashed at rest, five minutes, three wrong tries, five sends an address and Beijing day, all counted in the database.
"""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.mail import send_mail

from accounts.addresses import address_index
from accounts.integrations.sms import gateway
from accounts.models import LoginCode, User
from portal.kernel.clock import BEIJING, now, today
from portal.kernel.crypto import blind_index, keyed_hash
from portal.kernel.errors import InvalidInput, RuleRefused, TransientError
from portal.kernel.transactions import lock_name, use_case

LIFETIME = timedelta(minutes=5)
MAX_WRONG = 3
MAX_SENDS_A_DAY = 5
MAX_SENDS_A_CALLER = 30  # an hour and network address: an office behind one address, not a flood


def send_code(*, address: str, caller: str | None = None) -> None:
    """Send a code to a normalised address; `caller` is the network address that asks.

    Raises RuleRefused past the day's limit of the address or the hour's limit of the caller, TransientError when
    sending fails.
    """
    code = _issue(address=address, caller=caller)
    text = f"验证码 {code}，5 分钟内有效。如非本人操作，请忽略。【科创融资服务】"
    if "@" not in address:
        gateway().send(address, text)
        return
    try:
        send_mail("登录验证码", text, None, [address])
    except OSError as error:
        raise TransientError("mail_down", "邮件暂时发不出去，请稍后再试，或改用手机号") from error


@use_case
def _issue(*, address: str, caller: str | None) -> str:
    index = address_index(address)
    caller_index = blind_index(caller, "caller") if caller else ""
    lock_name(f"code:{index}")
    moment = now()
    day_start = datetime.combine(today(), time.min, BEIJING)
    sent = LoginCode.objects.select_for_update().filter(address_index=index, sent_at__gte=day_start)
    if len(sent) >= MAX_SENDS_A_DAY:
        raise RuleRefused("code_sends_exhausted", "这个号码或邮箱今天已发送 5 次验证码，请明天再试", field="address")
    if (
        caller_index
        and LoginCode.objects.filter(caller_index=caller_index, sent_at__gt=moment - timedelta(hours=1)).count()
        >= MAX_SENDS_A_CALLER
    ):
        raise RuleRefused("caller_sends_exhausted", "这个网络发送验证码太频繁，请一小时后再试", field="address")
    code = f"{secrets.randbelow(1_000_000):06d}"
    LoginCode.objects.create(
        address_index=index,
        caller_index=caller_index,
        code_hash=_hash(index, code),
        sent_at=moment,
        expires_at=moment + LIFETIME,
    )
    return code


def redeem_code(*, address: str, code: str) -> User:
    """Return the person of this address (created on first use). Raises InvalidInput at `code`.

    A wrong try must be counted even though it is refused, so the refusal is raised after the transaction.
    """
    verdict, user = _try_code(address=address, code=code)
    if user is None:
        raise InvalidInput(f"code_{verdict}", _REFUSALS[verdict], field="code")
    return user


_REFUSALS = {
    "wrong": "验证码不对，请核对后再填",
    "spent": "验证码已输错 3 次，请重新获取",
    "expired": "验证码已过期，请重新获取",
    "staff": "银行员工请用密码和动态口令登录",
    "inactive": "这个账号已停用，请联系客户经理",
}


@use_case
def _try_code(*, address: str, code: str) -> tuple[str, User | None]:
    index = address_index(address)
    newest = LoginCode.objects.select_for_update().filter(address_index=index).order_by("-sent_at", "-pk").first()
    if newest is None or newest.used_at is not None or newest.expires_at <= now():
        return "expired", None
    if newest.wrong_tries >= MAX_WRONG:
        return "spent", None
    if not secrets.compare_digest(newest.code_hash, _hash(index, code)):
        newest.wrong_tries += 1
        newest.save(update_fields=["wrong_tries"])
        return ("spent" if newest.wrong_tries >= MAX_WRONG else "wrong"), None
    newest.used_at = now()
    newest.save(update_fields=["used_at"])
    user = _person(address, index)
    if user.is_staff and settings.STAFF_NEEDS_SECOND_FACTOR:
        return "staff", None  # a mailbox alone must not lead to the desk
    return ("ok", user) if user.is_active else ("inactive", None)


def _person(address: str, index: str) -> User:
    if "@" in address:
        user = User.objects.filter(email=address).first()
        return user or User.objects.create_user(email=address)
    user = User.objects.filter(phone_index=index).first()
    return user or User.objects.create_user(phone=address)


def _hash(index: str, code: str) -> str:
    return keyed_hash(settings.BLIND_INDEX_KEY, f"code\x00{index}\x00{code}")

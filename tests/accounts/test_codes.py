"""Sign-in codes: hashed, five minutes, three tries, five sends a day over all sessions."""

from datetime import timedelta

import pytest
import time_machine

from accounts.addresses import normalise_address
from accounts.domain import codes
from accounts.models import LoginCode, OutboxMessage, User
from portal.kernel.clock import now
from portal.kernel.errors import InvalidInput, RuleRefused

pytestmark = pytest.mark.django_db
PHONE = "+8613800138000"


def sent_code() -> str:
    return next(w for w in OutboxMessage.objects.latest("pk").body.replace("，", " ").split() if w.isdigit())


def test_first_code_signs_a_new_person_up():
    codes.send_code(address=PHONE)
    user = codes.redeem_code(address=PHONE, code=sent_code())
    assert User.objects.get() == user
    assert user.phone == PHONE


def test_code_is_not_stored_in_clear():
    codes.send_code(address="a@b.example")
    assert sent_code() not in str(LoginCode.objects.values_list().get())


def test_code_works_once():
    codes.send_code(address=PHONE)
    code = sent_code()
    codes.redeem_code(address=PHONE, code=code)
    with pytest.raises(InvalidInput, match="code_expired"):
        codes.redeem_code(address=PHONE, code=code)


def test_third_wrong_try_spends_the_code_even_in_another_session():
    codes.send_code(address=PHONE)
    right = sent_code()
    wrong = "000000" if right != "000000" else "111111"
    for expected in ("code_wrong", "code_wrong", "code_spent", "code_spent"):
        with pytest.raises(InvalidInput, match=expected):
            codes.redeem_code(address=PHONE, code=wrong)
    with pytest.raises(InvalidInput, match="code_spent"):
        codes.redeem_code(address=PHONE, code=right)


def test_code_lives_five_minutes():
    codes.send_code(address=PHONE)
    code = sent_code()
    with (
        time_machine.travel(now() + timedelta(minutes=5, seconds=1)),
        pytest.raises(InvalidInput, match="code_expired"),
    ):
        codes.redeem_code(address=PHONE, code=code)


def test_sixth_send_of_a_day_is_refused():
    with time_machine.travel("2026-11-23T02:00:00+00:00"):
        for _ in range(5):
            codes.send_code(address=PHONE)
        with pytest.raises(RuleRefused, match="code_sends_exhausted"):
            codes.send_code(address=PHONE)
    with time_machine.travel("2026-11-23T16:00:01+00:00"):  # the next day in Beijing
        codes.send_code(address=PHONE)


def test_code_of_one_address_does_not_open_another():
    codes.send_code(address=PHONE)
    with pytest.raises(InvalidInput, match="code_expired"):
        codes.redeem_code(address="+8613900139000", code=sent_code())


def test_deactivated_person_is_told():
    User.objects.create_user(phone=PHONE, is_active=False)
    codes.send_code(address=PHONE)
    with pytest.raises(InvalidInput, match="code_inactive"):
        codes.redeem_code(address=PHONE, code=sent_code())


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("13800138000", PHONE),
        ("＋８６ 138-0013-8000", PHONE),
        ("１３８００１３８０００", PHONE),
        (" Founder@Demo.Example ", "founder@demo.example"),
    ],
)
def test_address_is_normalised(raw, normal):
    assert normalise_address(raw) == normal


@pytest.mark.parametrize(
    "raw", ["", "123", "010-62345678", "+14155552671", "a@b", "138\x0000138000", "<script>@x.com", "13800138000;ext=1"]
)
def test_bad_address_is_refused(raw):
    with pytest.raises(InvalidInput):
        normalise_address(raw)


def test_one_network_cannot_flood_many_numbers():
    for number in range(codes.MAX_SENDS_A_CALLER):
        codes.send_code(address=f"a{number}@b.example", caller="203.0.113.9")
    with pytest.raises(RuleRefused, match="caller_sends_exhausted"):
        codes.send_code(address="z@b.example", caller="203.0.113.9")
    codes.send_code(address="z@b.example", caller="203.0.113.10")


def test_staff_need_more_than_a_mailbox_outside_the_demonstration(settings):
    settings.STAFF_NEEDS_SECOND_FACTOR = True
    User.objects.create_user(email="staff@b.example", is_staff=True)
    codes.send_code(address="staff@b.example")
    with pytest.raises(InvalidInput, match="code_staff"):
        codes.redeem_code(address="staff@b.example", code=sent_code())


def test_session_does_not_tell_the_address(client):
    from django.contrib.sessions.models import Session

    client.post("/login/", {"address": "a@b.example"})
    assert "a@b.example" not in str(Session.objects.get().get_decoded())

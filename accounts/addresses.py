"""E-mail addresses and mainland mobile numbers: normal form, check, blind index."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from portal.kernel.crypto import blind_index
from portal.kernel.errors import InvalidInput


def normalise_address(raw: str, *, field: str = "address") -> str:
    """Return a lower-case e-mail address or an E.164 mobile number. Raises InvalidInput at `field`."""
    text = unicodedata.normalize("NFKC", raw).strip()
    if "@" in text:
        try:
            validate_email(text)
        except ValidationError as error:
            raise InvalidInput("address_invalid", "请填写完整的邮箱地址，例如 name@example.com", field=field) from error
        return text.lower()
    return normalise_phone(text, field=field)


_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_SPACING = re.compile(r"[ \-\u2010-\u2015]")


def normalise_phone(raw: str, *, field: str = "phone") -> str:
    """Return a mainland mobile number in E.164. Raises InvalidInput at `field`."""
    wrong = InvalidInput("phone_invalid", "请填写 11 位大陆手机号，或邮箱地址", field=field)
    found = _MOBILE.fullmatch(_SPACING.sub("", unicodedata.normalize("NFKC", raw).strip()))
    if found is None:
        raise wrong
    number = phonenumbers.parse(found[1], "CN")
    if not phonenumbers.is_valid_number(number):
        raise wrong
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_index(phone: str) -> str:
    return blind_index(phone, "phone")


def address_index(address: str) -> str:
    """Blind index of a normalised address, the same for a phone as the one on the user row."""
    return blind_index(address, "email") if "@" in address else phone_index(address)

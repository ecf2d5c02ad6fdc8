"""Encryption of identifiers at rest, and their blind index.

Ciphertexts are Fernet tokens under a list of keys (the first encrypts, all decrypt: keys rotate without downtime).
The blind index is an HMAC, so equality can be searched without decrypting anything.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(clear: str) -> str:
    return _box(tuple(settings.FIELD_KEYS)).encrypt(clear.encode()).decode()


def decrypt(token: str) -> str:
    return _box(tuple(settings.FIELD_KEYS)).decrypt(token.encode()).decode()


def blind_index(value: str, purpose: str) -> str:
    """64 hex digits that are equal for equal values; `purpose` keeps a phone and an ID number from ever matching."""
    return keyed_hash(settings.BLIND_INDEX_KEY, f"{purpose}\x00{value}")


def keyed_hash(key: str, value: str) -> str:
    return hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


class EncryptedTextField(models.TextField):
    """A text column that holds ciphertext. Cannot be filtered on: use the blind index beside it."""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value, expression, connection):
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name):
        return super().get_lookup(lookup_name) if lookup_name in ("isnull",) else None

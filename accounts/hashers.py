"""A fast hash for machine-made API secrets (≥ 128 bits of chance): slow hashing protects weak human passwords only."""

import hashlib
import secrets

from django.contrib.auth.hashers import BasePasswordHasher
from django.utils.crypto import constant_time_compare


class MachineSecretHasher(BasePasswordHasher):
    algorithm = "machine_secret"

    def salt(self) -> str:
        return secrets.token_hex(8)

    def encode(self, password: str, salt: str) -> str:
        return f"{self.algorithm}${salt}${hashlib.sha256(f'{salt}{password}'.encode()).hexdigest()}"

    def verify(self, password: str, encoded: str) -> bool:
        return constant_time_compare(self.encode(password, encoded.split("$")[1]), encoded)

    def safe_summary(self, encoded: str) -> dict:
        return {"算法": self.algorithm}

    def must_update(self, encoded: str) -> bool:
        return False

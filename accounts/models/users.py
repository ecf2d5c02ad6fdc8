"""People who sign in, and the codes they sign in with."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models

from portal.kernel.crypto import EncryptedTextField, blind_index


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, *, email: str | None = None, phone: str | None = None, password: str | None = None, **fields: object
    ) -> User:
        """Create a user known by an e-mail address or a mobile number (E.164), or both."""
        user = self.model(email=email.lower() if email else None, **fields)
        user.set_phone(phone)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, *, email: str, password: str, **fields: object) -> User:
        return self.create_user(email=email, password=password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str) -> User:
        return self.get(email=username.lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A natural person. Known by e-mail or mobile number; the number is encrypted and found by its blind index."""

    email = models.EmailField("邮箱", null=True, blank=True, unique=True)  # stored in lower case
    phone = EncryptedTextField("手机号", null=True, blank=True)
    phone_index = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    name = models.CharField("姓名", max_length=60, blank=True)
    is_staff = models.BooleanField("可登录后台", default=False)
    is_active = models.BooleanField("启用", default=True)
    is_demo = models.BooleanField("演示账号", default=False)
    date_joined = models.DateTimeField("注册时间", auto_now_add=True)
    density = models.CharField(
        "后台行距", max_length=8, default="cozy", choices=[("cozy", "适中"), ("compact", "紧凑")]
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        verbose_name = verbose_name_plural = "用户"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email__isnull=False) | models.Q(phone_index__isnull=False),
                name="user_has_an_address",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"用户 {self.pk}"

    def get_full_name(self) -> str:
        return str(self)

    get_short_name = get_full_name

    def set_phone(self, phone: str | None) -> None:
        """Set number and index together; `phone` is E.164 or None."""
        self.phone = phone or None
        self.phone_index = blind_index(phone, "phone") if phone else None


class LoginCode(models.Model):
    """A one-time code. Only its keyed hash is kept; tries and sends are counted here, over all sessions."""

    address_index = models.CharField(max_length=64)
    caller_index = models.CharField(max_length=64, blank=True)
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录验证码"
        indexes = [
            models.Index(fields=["address_index", "sent_at"], name="logincode_address_sent"),
            models.Index(fields=["caller_index", "sent_at"], name="logincode_caller_sent"),
        ]

    def __str__(self) -> str:
        return f"{self.sent_at:%Y-%m-%d %H:%M}"


class OutboxMessage(models.Model):
    """A mail or SMS of the demonstration, shown on the outbox page instead of being sent."""

    channel = models.CharField(max_length=5, choices=[("email", "邮件"), ("sms", "短信")])
    to = EncryptedTextField()
    subject = models.CharField(max_length=200, blank=True)
    body = EncryptedTextField()
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "演示发件箱"

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.subject}"

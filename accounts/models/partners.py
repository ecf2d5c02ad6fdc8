"""Partner institutions, their API clients, and the enterprises they refer."""

from __future__ import annotations

from django.db import models
from oauth2_provider.models import AbstractApplication
from simple_history.models import HistoricalRecords

from accounts.enums import PartnerKind
from accounts.lifecycle import REFERRAL
from portal.kernel.crypto import EncryptedTextField


class Partner(models.Model):
    """An incubator, science park, makerspace or guarantor that helps enterprises apply."""

    name = models.CharField("名称", max_length=100, unique=True)
    kind = models.CharField("类型", max_length=12, choices=PartnerKind)
    is_active = models.BooleanField("合作中", default=True)
    history = HistoricalRecords(verbose_name="变更历史")

    class Meta:
        verbose_name = verbose_name_plural = "合作机构"

    def __str__(self) -> str:
        return self.name


class ApiClient(AbstractApplication):
    """An OAuth2 client (client credentials) of a partner. A sandbox client's cases stay out of queues and reports."""

    partner = models.ForeignKey(
        Partner, null=True, on_delete=models.PROTECT, related_name="clients", verbose_name="合作机构"
    )
    is_sandbox = models.BooleanField("沙箱", default=False)
    previous_secret = models.CharField(max_length=255, blank=True)
    previous_until = models.DateTimeField("旧密钥有效至", null=True, blank=True)

    class Meta(AbstractApplication.Meta):
        verbose_name = verbose_name_plural = "接口客户端"
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"

    def __str__(self) -> str:
        return self.client_id


class Referral(models.Model):
    """A partner's introduction of an enterprise. The enterprise's own person accepts it, and consents, in the portal."""

    lifecycle = REFERRAL
    stream_type = "referral"

    reference = models.CharField("推荐编号", max_length=20, unique=True)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="referrals", verbose_name="合作机构")
    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("企业名称", max_length=200)
    contact_name = models.CharField("联系人", max_length=60)
    contact_phone = EncryptedTextField("联系电话")
    contact_phone_index = models.CharField(max_length=64)
    product_code = models.CharField("产品", max_length=40, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    status = models.CharField("状态", max_length=10, default="sent", editable=False)
    status_changed_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField("发起时间", auto_now_add=True)
    expires_at = models.DateTimeField("有效至")
    is_sandbox = models.BooleanField(default=False)

    class Meta:
        verbose_name = verbose_name_plural = "推荐"

    def __str__(self) -> str:
        return self.reference

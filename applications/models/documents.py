"""Supporting documents. The bytes lie in private storage under a random key."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Document(models.Model):
    """One uploaded file of one application; served only through a permission-checked view."""

    application = models.ForeignKey(
        "applications.Application", on_delete=models.PROTECT, related_name="documents", verbose_name="申请"
    )
    public_id = models.CharField(max_length=20, unique=True)
    kind = models.CharField("种类", max_length=40)
    supplement = models.ForeignKey(
        "applications.Supplement", null=True, on_delete=models.PROTECT, related_name="documents"
    )
    name = models.CharField("文件名", max_length=120)
    storage_key = models.CharField(max_length=100)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField("大小")
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "申请材料"

    def __str__(self) -> str:
        return self.name

"""Site messages: what happened on a case, for the people who act for the enterprise."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Notice(models.Model):
    """One event told to one person; the unique key makes telling twice impossible."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    application = models.ForeignKey("applications.Application", on_delete=models.CASCADE, related_name="notices")
    event_seq = models.PositiveIntegerField()
    title = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "消息"
        constraints = [models.UniqueConstraint(fields=["application", "event_seq", "user"], name="notice_once")]
        indexes = [models.Index(fields=["user", "-created_at", "id"], name="notice_of_user")]

    def __str__(self) -> str:
        return self.title

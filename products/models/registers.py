"""Registers (名单): who is on an official list, and for which dates a list is known at all."""

from __future__ import annotations

from django.db import models

from products.querysets import RegisterEntryQuerySet


class Register(models.Model):
    """One list. A date outside `loaded_from … loaded_to` is unknown, never "not on it"."""

    code = models.SlugField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    region = models.CharField("地区代码", max_length=6, blank=True)
    loaded_from = models.DateField("数据起", null=True, blank=True)
    loaded_to = models.DateField("数据止", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "名单"

    def __str__(self) -> str:
        return self.name


class RegisterEntry(models.Model):
    """One enterprise on one list over a period. Both ends count."""

    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="entries", verbose_name="名单")
    uscc = models.CharField("统一社会信用代码", max_length=18, db_index=True)
    name = models.CharField("名称", max_length=200)
    number = models.CharField("证书或编号", max_length=60, blank=True)
    valid_from = models.DateField("自")
    valid_to = models.DateField("至", null=True, blank=True)

    objects = RegisterEntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "名单条目"

    def __str__(self) -> str:
        return f"{self.register} {self.name}"

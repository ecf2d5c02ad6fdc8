from products.models.catalogue import Product
from products.models.incentives import Incentive, IncentiveReminder
from products.models.overrides import TierOverride
from products.models.policy import BackTest, Evaluation, FactSnapshot, GoldenCase, PolicyVersion, TierAssignment
from products.models.registers import Register, RegisterBatch, RegisterEntry, RegisterRow, StagedRow
from products.models.shadow import ShadowRun

__all__ = [
    "BackTest",
    "Evaluation",
    "FactSnapshot",
    "GoldenCase",
    "Incentive",
    "IncentiveReminder",
    "PolicyVersion",
    "Product",
    "Register",
    "RegisterBatch",
    "RegisterEntry",
    "RegisterRow",
    "ShadowRun",
    "StagedRow",
    "TierAssignment",
    "TierOverride",
]

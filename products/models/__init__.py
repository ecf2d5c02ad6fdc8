from products.models.catalogue import Product
from products.models.overrides import TierOverride
from products.models.policy import BackTest, Evaluation, FactSnapshot, GoldenCase, PolicyVersion, TierAssignment
from products.models.registers import Register, RegisterBatch, RegisterEntry, StagedRow

__all__ = [
    "BackTest",
    "Evaluation",
    "FactSnapshot",
    "GoldenCase",
    "PolicyVersion",
    "Product",
    "Register",
    "RegisterBatch",
    "RegisterEntry",
    "StagedRow",
    "TierAssignment",
    "TierOverride",
]

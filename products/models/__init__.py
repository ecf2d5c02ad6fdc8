from products.models.catalogue import Product
from products.models.policy import BackTest, Evaluation, FactSnapshot, GoldenCase, PolicyVersion, TierAssignment
from products.models.registers import Register, RegisterEntry

__all__ = [
    "BackTest",
    "Evaluation",
    "FactSnapshot",
    "GoldenCase",
    "PolicyVersion",
    "Product",
    "Register",
    "RegisterEntry",
    "TierAssignment",
]

from products.models.catalogue import Product
from products.models.policy import Evaluation, FactSnapshot, PolicyVersion, TierAssignment
from products.models.registers import Register, RegisterEntry

__all__ = ["Evaluation", "FactSnapshot", "PolicyVersion", "Product", "Register", "RegisterEntry", "TierAssignment"]

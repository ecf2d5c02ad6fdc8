"""WHAT: products, and the policy that judges who may have them."""

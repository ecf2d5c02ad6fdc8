from accounts.models.consents import Consent, ConsentText
from accounts.models.enterprises import Enterprise, EnterpriseProfile, Invitation, Membership, RegistryRecord
from accounts.models.partners import ApiClient, Partner, Referral
from accounts.models.staff import Banker, Branch
from accounts.models.users import LoginCode, OutboxMessage, User

__all__ = [
    "ApiClient",
    "Banker",
    "Branch",
    "Consent",
    "ConsentText",
    "Enterprise",
    "EnterpriseProfile",
    "Invitation",
    "LoginCode",
    "Membership",
    "OutboxMessage",
    "Partner",
    "Referral",
    "RegistryRecord",
    "User",
]

"""The tables of accounts/, by what they are about."""

from conclave.accounts.models.keyrings import Keyring, KeyringOpener
from conclave.accounts.models.organisations import DomainClaim, Membership, Organisation, OrganisationInvitation, Role
from conclave.accounts.models.people import OwnerLink, SearchKeyField, User
from conclave.accounts.models.policies import PolicyVersion
from conclave.accounts.models.providers import IdentityProvider, ProviderIdentity, Speaks
from conclave.accounts.models.schools import School
from conclave.accounts.models.staff import PasskeyAsk, StaffMember, StaffRule
from conclave.accounts.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "DomainClaim",
    "IdentityProvider",
    "Keyring",
    "KeyringOpener",
    "Membership",
    "Organisation",
    "OrganisationInvitation",
    "OwnerLink",
    "PasskeyAsk",
    "PolicyVersion",
    "ProviderIdentity",
    "Role",
    "School",
    "SearchKeyField",
    "Speaks",
    "StaffMember",
    "StaffRule",
    "User",
]

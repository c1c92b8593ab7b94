"""Organisations: who belongs to one, as what, who was asked to, and the domains that they claim (tenure.py has the rule of how long)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conclave.accounts.challenge import Method, Outcome
from conclave.accounts.models.people import User
from conclave.accounts.tenure import HOLDS, LIVES, State
from conclave.kernel.ids import ID_LENGTH, new_id


class Role(models.TextChoices):
    """What somebody is in an organisation; what each may do stands in policy.py."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    MEMBER = "member", _("Member")
    AUDITOR = "auditor", _("Auditor")


class Organisation(models.Model):
    """People who belong together because they were invited and accepted, whatever their e-mail addresses are."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.BigIntegerField()
    # From then on it is kept for its journal alone: nobody belongs to it and nobody is shown it.
    dissolved_at = models.BigIntegerField(null=True)
    # Whether members find each other in a directory, which takes a domain that the organisation holds as well.
    directory_on = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.id


class Membership(models.Model):
    """One person's time in an organisation, from when they accepted; whoever comes back gets a row of their own."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    # Protected: an account that goes leaves its organisations first, so that none is left without an owner.
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    # Nobody for whoever made the organisation, or whose inviter's account is gone.
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    accepted_at = models.BigIntegerField()
    left_at = models.BigIntegerField(null=True)
    # Since when they know that it is over; whoever was removed, or belonged to what was dissolved, is told when they next come.
    told_at = models.BigIntegerField(null=True)
    # Whether the organisation's directory may show them to its other members.
    sharing = models.BooleanField(default=True)
    # Whether the school says that they are a minor: no directory shows them, not even another organisation's (D6).
    minor = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], condition=models.Q(left_at=None), name="one_living_membership"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return self.id


class OrganisationInvitation(models.Model):
    """What was offered to one person; a link, shown once and kept as a hash, is how they take it."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    # In normal form (addresses.py). It says whom the link was meant for; whoever holds the link may have an account with another.
    # Empty for a pupil without an address, whom the roster names; the name goes when the link is used.
    address = models.EmailField(blank=True)
    label = models.CharField(max_length=64, blank=True)
    minor = models.BooleanField(default=False)
    role = models.CharField(max_length=8, choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.BigIntegerField()
    expires_at = models.BigIntegerField(db_index=True)
    accepted_at = models.BigIntegerField(null=True)
    revoked_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "address"],
                condition=models.Q(accepted_at=None, revoked_at=None) & ~models.Q(address=""),
                name="one_open_invitation_per_address",
            ),
            # Nobody becomes an owner by a link that could be passed on.
            models.CheckConstraint(condition=models.Q(role__in=["admin", "member", "auditor"]), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return self.id


class DomainClaim(models.Model):
    """An organisation says that a domain is its own, and shows it by a token that stands there."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="claims")
    # In normal form (addresses.py), a registrable domain or one below it; it grants nothing to those above or below it (D2).
    domain = models.CharField(max_length=253)
    method = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Method])
    token = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=[(one.value, one.value) for one in State])
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.BigIntegerField()
    ends_at = models.BigIntegerField(null=True)
    next_check_at = models.BigIntegerField(null=True)
    # The last look, whatever it found.
    checked_at = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=11, blank=True, choices=[(one.value, one.value) for one in Outcome])

    class Meta:
        constraints = [
            # D1: whatever two organisations do at the same moment, one holds a domain.
            models.UniqueConstraint(
                fields=["domain"], condition=models.Q(state__in=[one.value for one in HOLDS]), name="one_holder_of_a_domain"
            ),
            models.UniqueConstraint(
                fields=["organisation", "domain"],
                condition=models.Q(state__in=[one.value for one in LIVES]),
                name="one_living_claim_of_an_organisation",
            ),
            models.CheckConstraint(condition=models.Q(state__in=[one.value for one in State]), name="claim_state_known"),
            models.CheckConstraint(condition=models.Q(method__in=[one.value for one in Method]), name="claim_method_known"),
        ]
        indexes = [
            models.Index(fields=["state", "ends_at"], name="claims_that_end"),
            models.Index(fields=["state", "next_check_at"], name="claims_to_look_at"),
        ]

    def __str__(self) -> str:
        return self.id

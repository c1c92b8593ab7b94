"""People who have an account, the one-time links that make one, and the organisations that people belong to."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from conclave.kernel.ids import ID_LENGTH, new_id


class UserManager(BaseUserManager["User"]):
    """Finds and makes people; e-mail addresses are compared in lower case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the person with this e-mail address, whatever its case."""
        return self.get(email=(username or "").lower())

    def create_user(self, *, email: str, password: str, now: int, name: str = "", is_verified: bool = False) -> "User":
        """Make and store a person with a usable password."""
        user = self.model(email=email.lower(), created_at=now, name=name, is_verified=is_verified)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who can sign in; in a call they are a participant with another, random id."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    # Whether the e-mail address was shown to be theirs: by mail, or by the operator who handed them the owner link.
    is_verified = models.BooleanField(default=False)
    # The role of the installation's owner; other roles come with organisations.
    is_owner = models.BooleanField(default=False)
    created_at = models.BigIntegerField()
    # When the account is erased, because the person asked for it (personal.py).
    erase_at = models.BigIntegerField(null=True)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        # Two spellings of one address must not be two people.
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_lower_case")]
        indexes = [models.Index(fields=["erase_at"], condition=models.Q(erase_at__isnull=False), name="accounts_erasures")]

    def __str__(self) -> str:
        return self.id

    def get_short_name(self) -> str:
        """Return what to call this person on a page of their own."""
        return self.name or self.email


class OwnerLink(models.Model):
    """The one outstanding owner link, by the hash of its token; it is gone once used."""

    token_hash = models.CharField(primary_key=True, max_length=64)
    # Empty for the first owner; else the person whose password the link sets anew.
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE)
    created_at = models.BigIntegerField()

    def __str__(self) -> str:
        return "owner link"


# Organisations: who belongs to one, as what, and who was asked to.


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
    address = models.EmailField()
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
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_address",
            ),
            # Nobody becomes an owner by a link that could be passed on.
            models.CheckConstraint(condition=models.Q(role__in=["admin", "member", "auditor"]), name="invitation_role_known"),
        ]

    def __str__(self) -> str:
        return self.id

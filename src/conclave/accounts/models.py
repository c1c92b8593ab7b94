"""People who have an account, the one-time links that make one, and the organisations that people belong to."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from conclave.accounts.challenge import Method, Outcome
from conclave.accounts.finding import search_key
from conclave.accounts.opener import OpenerKind
from conclave.accounts.tenure import HOLDS, LIVES, State
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


class SearchKeyField(models.CharField):  # type: ignore[type-arg] # Django's fields take none when they run
    """The name as searches compare it, each word after a space; written with every save, never by hand."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: ARG002, FBT001 - Django's signature
        """Return what is stored, made of the name as it is now."""
        key: str = f" {search_key(raw=str(vars(model_instance)['name']))}"[: self.max_length]
        setattr(model_instance, self.attname, key)
        return key

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Return it as migrations know it: what they store is text."""
        name, _path, positional, named = super().deconstruct()
        return name, "django.db.models.CharField", list(positional), dict(named)


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

    search_key = SearchKeyField(max_length=260, default="", editable=False)

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

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        """Store the person; nobody is found by a name that they do not have any more."""
        fields = None if update_fields is None else {*update_fields, *(["search_key"] if "name" in update_fields else [])}
        super().save(*args, update_fields=fields, **kwargs)

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


# Domains that organisations claim (tenure.py has the rule of how long a claim holds).


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


# The keyring: what one person's browsers keep here for each other, encrypted where the server has no key (KEYR-1).


class Keyring(models.Model):
    """The links of one person's meetings as ciphertext; what opens it is in their browsers, passkeys and recovery code."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="keyring")
    # Drawn by the browser that made it: another one is another keyring, whoever asks.
    ring = models.CharField(max_length=ID_LENGTH)
    version = models.IntegerField()
    sealed = models.TextField()
    made_at = models.BigIntegerField()
    changed_at = models.BigIntegerField()

    def __str__(self) -> str:
        return self.ring


class KeyringOpener(models.Model):
    """One thing that opens a keyring: a passkey, the recovery code, or a device that was opened before."""

    keyring = models.ForeignKey(Keyring, on_delete=models.CASCADE, related_name="openers")
    opener = models.CharField(max_length=ID_LENGTH)
    kind = models.CharField(max_length=8, choices=[(one.value, one.value) for one in OpenerKind])
    # With the passkey goes what it opens; its person's browsers then change the key (KEYR-8).
    passkey = models.ForeignKey("mfa.Authenticator", null=True, on_delete=models.CASCADE, related_name="+")
    # The opener's own private key, sealed under what only the passkey or the code gives; a device keeps its own to itself.
    secret = models.CharField(max_length=512, blank=True)
    # The keyring's key, sealed to the opener.
    wrapped = models.CharField(max_length=256)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["keyring", "opener"], name="one_row_per_opener"),
            models.UniqueConstraint(fields=["keyring"], condition=models.Q(kind="recovery"), name="one_recovery_code_of_a_keyring"),
            models.CheckConstraint(condition=models.Q(kind__in=[one.value for one in OpenerKind]), name="opener_kind_known"),
        ]

    def __str__(self) -> str:
        return self.opener

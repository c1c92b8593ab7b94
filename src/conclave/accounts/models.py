"""People who have an account, and the one-time links that make one."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

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

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        # Two spellings of one address must not be two people.
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_in_lower_case")]

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

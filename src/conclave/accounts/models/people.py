"""People who have an account, and the one-time links that make one."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from conclave.accounts.finding import search_key
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

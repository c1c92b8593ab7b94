"""What somebody shows beside the password: passkeys, codes of an authenticator app, recovery codes."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator

from conclave.accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One passkey, by the name that its person gave it."""

    id: int
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """Everything one account has; `codes` counts the recovery codes that are left."""

    passkeys: tuple[Passkey, ...]
    app_since: datetime | None
    codes: int

    @property
    def any(self) -> bool:
        """Whether a password alone no longer signs in."""
        return bool(self.passkeys) or self.app_since is not None


def factors_of(*, user: User) -> Factors:
    """Return what this account has.

    Args:
        user: whose.
    """
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    kinds = Authenticator.Type
    return Factors(
        passkeys=tuple(
            Passkey(id=row.pk, name=row.wrap().name, added_at=row.created_at, used_at=row.last_used_at)
            for row in rows
            if row.type == kinds.WEBAUTHN
        ),
        app_since=next((row.created_at for row in rows if row.type == kinds.TOTP), None),
        codes=next((len(row.wrap().get_unused_codes()) for row in rows if row.type == kinds.RECOVERY_CODES), 0),
    )


def forget_factors(*, user: User) -> int:
    """Take all of them away, for a person whom the operator knows and who lost them; return how many there were.

    Args:
        user: whose.
    """
    return int(Authenticator.objects.filter(user=user).delete()[1].get("mfa.Authenticator", 0))

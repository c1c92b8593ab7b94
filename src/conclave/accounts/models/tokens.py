"""Tokens by which programs act for somebody (tokens.py)."""

from django.db import models

from conclave.accounts.models.organisations import Membership
from conclave.accounts.models.people import User
from conclave.kernel.ids import ID_LENGTH, new_id


class ApiToken(models.Model):
    """What a program shows instead of a session: named, for some scopes, until a day; only its hash is kept (TOK-1)."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    token_hash = models.CharField(max_length=64, unique=True)
    # How it begins, so that whoever finds a token somewhere knows which one that is.
    begins = models.CharField(max_length=16)
    name = models.CharField(max_length=64)
    scopes = models.CharField(max_length=200)
    # As whom it acts.
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    # Of an organisation's token: whoever leaves takes none along, and whoever comes back finds none again (TOK-6).
    membership = models.ForeignKey(Membership, null=True, on_delete=models.CASCADE, related_name="tokens")
    made_at = models.BigIntegerField()
    expires_at = models.BigIntegerField(db_index=True)
    revoked_at = models.BigIntegerField(null=True)
    # When the day began on which it was last used.
    used_on = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.id

"""People's keyrings, which this server cannot open (docs/protocol/keyring.md)."""

from django.db import models

from conclave.accounts.models.people import User
from conclave.accounts.opener import OpenerKind
from conclave.kernel.ids import ID_LENGTH


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

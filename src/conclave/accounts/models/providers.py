"""Sign-in by an organisation's identity provider (sso.py)."""

from django.db import models

from conclave.accounts.models.organisations import Organisation
from conclave.accounts.models.people import User
from conclave.kernel.ids import ID_LENGTH, new_id


class Speaks(models.TextChoices):
    """By which protocol a provider answers."""

    OIDC = "oidc"
    SAML = "saml"


class IdentityProvider(models.Model):
    """Where an organisation's people sign in; it says who they are, and only in the domains that the organisation holds."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="provider")
    kind = models.CharField(max_length=4, default=Speaks.OIDC, choices=[(one.value, one.value) for one in Speaks])
    issuer = models.CharField(max_length=255)
    # By SAML: where people are sent, and the certificates of its keys, in base64, one a line.
    endpoint = models.CharField(max_length=1000, blank=True)
    certificates = models.TextField(blank=True)
    # By OpenID Connect: what this server is called there, and its secret.
    client_id = models.CharField(max_length=255, blank=True)
    # Sealed (sealed.py): a copy of the database alone speaks for nobody at the provider.
    secret = models.TextField(blank=True)
    is_on = models.BooleanField(default=False)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.BigIntegerField()
    # When somebody last came back from the provider as it is set up now; it is switched on only after that.
    tried_at = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.id


class ProviderIdentity(models.Model):
    """Somebody at an organisation's provider, and the account that this opens: by issuer and subject, never by an address (SSO-1)."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    # Not the provider's row: whoever sets it up anew with the same issuer finds the same people.
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    # What the provider said last, in normal form: for whoever looks for this person there, and never for who opens what (SSO-1).
    address = models.CharField(max_length=254, blank=True, default="")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    linked_at = models.BigIntegerField()
    used_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "issuer", "subject"], name="one_account_of_an_identity")]

    def __str__(self) -> str:
        return self.id

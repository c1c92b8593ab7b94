"""The keyring: ciphertext that a person's browsers keep for each other, and what opens it, sealed too."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two tables."""

    dependencies = [("accounts", "0011_search_index"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [
        migrations.CreateModel(
            name="Keyring",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="keyring",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("ring", models.CharField(max_length=22)),
                ("version", models.IntegerField()),
                ("sealed", models.TextField()),
                ("made_at", models.BigIntegerField()),
                ("changed_at", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="KeyringOpener",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("opener", models.CharField(max_length=22)),
                ("kind", models.CharField(choices=[("passkey", "passkey"), ("recovery", "recovery"), ("device", "device")], max_length=8)),
                ("secret", models.CharField(blank=True, max_length=512)),
                ("wrapped", models.CharField(max_length=256)),
                (
                    "keyring",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="openers", to="accounts.keyring"),
                ),
                (
                    "passkey",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="mfa.authenticator"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("keyring", "opener"), name="one_row_per_opener"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "recovery")), fields=("keyring",), name="one_recovery_code_of_a_keyring"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["passkey", "recovery", "device"])), name="opener_kind_known"
                    ),
                ],
            },
        ),
    ]

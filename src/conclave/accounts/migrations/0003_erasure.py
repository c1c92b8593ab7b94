"""When an account is erased, because the person asked for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column of people."""

    dependencies = [("accounts", "0002_organisations")]

    operations = [
        migrations.AddField(model_name="user", name="erase_at", field=models.BigIntegerField(null=True)),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["erase_at"], condition=models.Q(erase_at__isnull=False), name="accounts_erasures"),
        ),
    ]

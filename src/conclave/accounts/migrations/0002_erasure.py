"""When an account is erased, because the person asked for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column of people."""

    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.AddField(model_name="user", name="erase_at", field=models.BigIntegerField(null=True))]

"""What address an organisation's provider gives a person, who may have another in their account."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """A column; it is empty until they come from there again."""

    dependencies = [("accounts", "0012_keyring")]

    operations = [
        migrations.AddField(
            model_name="provideridentity",
            name="address",
            field=models.CharField(blank=True, default="", max_length=254),
        ),
    ]

"""How old entries of the journal are is looked at every hour."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One index."""

    dependencies = [("transparency", "0002_journal_of_one")]

    operations = [migrations.AddIndex(model_name="journalentry", index=models.Index(fields=["appended_at"], name="journal_age"))]

"""The columns by which an entry is found say what its leaf says."""

from django.db import migrations, models
from django.db.models.functions import Concat, Length, Right, Substr
from django.db.models.lookups import Exact


class Migration(migrations.Migration):
    """One constraint; every row that was ever appended meets it."""

    dependencies = [("transparency", "0005_current")]

    operations = [
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(Exact(Substr("leaf", 1, Length("obj") + 9), Concat(models.Value('{"obj":"'), "obj", models.Value('"'))))
                & models.Q(Exact(Right("leaf", Length("kind") + 16), Concat(models.Value('"type":"'), "kind", models.Value('","v":1}')))),
                name="ledger_names_its_leaf",
            ),
        )
    ]

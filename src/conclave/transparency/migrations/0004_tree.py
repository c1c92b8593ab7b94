"""The tree over the ledger, what the log has signed of it, and who has cosigned that."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Four tables, and an index less."""

    dependencies = [("transparency", "0003_journal_age")]

    operations = [
        migrations.AlterField(model_name="ledgerentry", name="obj", field=models.CharField(max_length=22)),
        migrations.CreateModel(
            name="TreeTile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.PositiveSmallIntegerField()),
                ("number", models.BigIntegerField()),
                ("hashes", models.BinaryField(max_length=8192)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("level", "number"), name="one_tile_per_place")]},
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("log", models.CharField(max_length=400)),
                ("size", models.BigIntegerField()),
                ("root", models.CharField(max_length=44)),
                ("note", models.TextField()),
                ("made_at", models.BigIntegerField()),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("log", "size"), name="one_checkpoint_per_size")]},
        ),
        migrations.CreateModel(
            name="Cosignature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("witness", models.CharField(max_length=400)),
                ("line", models.TextField()),
                ("at", models.BigIntegerField()),
                (
                    "checkpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="cosignatures", to="transparency.checkpoint"
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("checkpoint", "witness"), name="one_cosignature_per_witness")]},
        ),
        migrations.CreateModel(
            name="Witness",
            fields=[
                ("vkey", models.CharField(max_length=400, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField(default=0)),
                ("answered_at", models.BigIntegerField(null=True)),
                ("failed_at", models.BigIntegerField(null=True)),
                ("failure", models.CharField(blank=True, max_length=16)),
            ],
        ),
    ]

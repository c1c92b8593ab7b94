from django.db import migrations, models

# Nobody had written down who they were.
BEFORE = "UPDATE media_node SET first = 'first', second = 'second' WHERE \"by\" = 'two_people'"


class Migration(migrations.Migration):
    dependencies = [("media", "0002_gateways")]

    operations = [
        migrations.AddField(model_name="node", name="first", field=models.CharField(default="", max_length=40)),
        migrations.AddField(model_name="node", name="second", field=models.CharField(default="", max_length=40)),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="node",
            constraint=models.CheckConstraint(
                condition=models.Q(by="configuration", first="", second="")
                | (
                    models.Q(by="two_people")
                    & ~models.Q(first="")
                    & ~models.Q(second="")
                    & ~models.Q(first=models.F("second"))
                ),
                name="node_by_two_different_people",
            ),
        ),
        # Its key is another one: what waits is approved anew.
        migrations.DeleteModel(name="NodeApproval"),
        migrations.CreateModel(
            name="NodeApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(max_length=32)),
                ("account", models.CharField(max_length=40)),
                ("change", models.CharField(max_length=64)),
                ("out", models.BooleanField(default=False)),
                ("at", models.BigIntegerField()),
                ("shown_at", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("region", "change"), name="node_one_word_for_each_change")],
            },
        ),
    ]

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_leaves(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give each restriction by an order the leaf of its measure, by the measure's id in the ledger, so that what holds goes on holding.

    One of whose measure the ledger says nothing was written past the desk, and goes: it would meet nobody from now on.
    """
    opened = apps.get_model('transparency', 'Opening').objects.filter(entry__kind='MEASURE', field='measure').order_by('-entry_id')
    # Were there two, the first one: what came after it was not approved with it.
    leaves = dict(opened.values_list('value', 'entry_id'))
    ordered = apps.get_model('gate', 'Restriction').objects.filter(cause='ordered')
    for row in ordered:
        if row.notice in leaves:
            ordered.filter(pk=row.pk).update(leaf=leaves[row.notice])
        else:
            row.delete()


class Migration(migrations.Migration):

    dependencies = [
        ('gate', '0005_measures_only'),
        ('transparency', '0005_current'),
    ]

    operations = [
        migrations.AddField(
            model_name='restriction',
            name='leaf',
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunPython(name_leaves, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='restriction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cause', 'ordered'), ('leaf__gte', 0), ('leaf__isnull', False)), models.Q(models.Q(('cause', 'ordered'), _negated=True), ('leaf', None)), _connector='OR'), name='gate_order_names_its_leaf'),
        ),
    ]

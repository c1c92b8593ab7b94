from typing import Any

from django.db import migrations, models
from django.db.models import F, Min
from django.db.models.functions import Coalesce


def fill(apps: Any, schema_editor: object) -> None:  # noqa: ARG001 - Django's signature
    """Let meetings of before know that a call ended under their present link."""
    Meeting, Call = apps.get_model('meetings', 'Meeting'), apps.get_model('meetings', 'Call')
    under = Call.objects.filter(ended_at__gte=Coalesce(F('meeting__link_since'), F('meeting__created_at')))
    for meeting, first in under.order_by().values_list('meeting').annotate(first=Min('ended_at')).iterator():
        Meeting.objects.filter(pk=meeting, deleted_at=None).update(link_used_at=first)


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0007_plans'),
    ]

    operations = [
        migrations.AddField(
            model_name='meeting',
            name='link_used_at',
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]

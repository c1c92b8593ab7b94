import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0008_link_used'),
    ]

    operations = [
        migrations.AddField(
            model_name='call',
            name='route',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='call',
            name='drain_by',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='participant',
            name='picture',
            field=models.CharField(default='full', max_length=5),
        ),
        migrations.CreateModel(
            name='InLine',
            fields=[
                ('id', models.CharField(editable=False, max_length=22, primary_key=True, serialize=False)),
                ('device', models.CharField(max_length=43)),
                ('region', models.CharField(max_length=32)),
                ('since', models.BigIntegerField()),
                ('until', models.BigIntegerField()),
                (
                    'meeting',
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='meetings.meeting'),
                ),
            ],
            options={
                'indexes': [
                    models.Index(fields=['region', 'since'], name='meetings_line'),
                    models.Index(fields=['until'], name='meetings_line_until'),
                ],
                'constraints': [models.UniqueConstraint(fields=('meeting', 'device'), name='meetings_in_line_once')],
            },
        ),
        migrations.AlterField(
            model_name='call',
            name='end_reason',
            field=models.CharField(
                blank=True,
                choices=[('empty', 'empty'), ('by_host', 'by_host'), ('deleted', 'deleted'), ('region', 'region')],
                max_length=8,
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('keys', '0002_returning'),
    ]

    operations = [
        migrations.AddField(
            model_name='group',
            name='newcomer',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='seat',
            name='may',
            field=models.JSONField(blank=True, null=True),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0003_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='ban',
            name='blocked',
            field=models.BooleanField(default=False),
        ),
    ]

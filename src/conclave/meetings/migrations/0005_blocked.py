from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('meetings', '0004_invitations'),
    ]

    operations = [
        migrations.AddField(
            model_name='ban',
            name='blocked',
            field=models.BooleanField(default=False),
        ),
    ]

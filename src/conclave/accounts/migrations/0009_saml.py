from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_sso'),
    ]

    operations = [
        migrations.AddField(
            model_name='identityprovider',
            name='kind',
            field=models.CharField(choices=[('oidc', 'oidc'), ('saml', 'saml')], default='oidc', max_length=4),
        ),
        migrations.AddField(
            model_name='identityprovider',
            name='endpoint',
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name='identityprovider',
            name='certificates',
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name='identityprovider',
            name='client_id',
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name='identityprovider',
            name='secret',
            field=models.TextField(blank=True),
        ),
    ]

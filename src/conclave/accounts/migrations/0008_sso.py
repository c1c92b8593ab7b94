import conclave.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_school'),
    ]

    operations = [
        migrations.CreateModel(
            name='IdentityProvider',
            fields=[
                ('id', models.CharField(default=conclave.kernel.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('issuer', models.CharField(max_length=255)),
                ('client_id', models.CharField(max_length=255)),
                ('secret', models.TextField()),
                ('is_on', models.BooleanField(default=False)),
                ('changed_at', models.BigIntegerField()),
                ('tried_at', models.BigIntegerField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='provider', to='accounts.organisation')),
            ],
        ),
        migrations.CreateModel(
            name='ProviderIdentity',
            fields=[
                ('id', models.CharField(default=conclave.kernel.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('issuer', models.CharField(max_length=255)),
                ('subject', models.CharField(max_length=255)),
                ('linked_at', models.BigIntegerField()),
                ('used_at', models.BigIntegerField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organisation')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organisation', 'issuer', 'subject'), name='one_account_of_an_identity')],
            },
        ),
    ]

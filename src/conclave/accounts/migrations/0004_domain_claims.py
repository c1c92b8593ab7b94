import unicodedata

import conclave.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def write_search_keys(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let people who were here before be found by their names."""
    for user in apps.get_model('accounts', 'User').objects.only('pk', 'name').iterator():
        bare = ''.join(sign for sign in unicodedata.normalize('NFKD', user.name.casefold()) if not unicodedata.combining(sign))
        words = ''.join(sign if sign.isalnum() else ' ' for sign in bare).split()
        apps.get_model('accounts', 'User').objects.filter(pk=user.pk).update(search_key=f" {' '.join(words)}"[:260])


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_erasure'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='directory_on',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='user',
            name='search_key',
            field=models.CharField(default='', editable=False, max_length=260),
        ),
        migrations.CreateModel(
            name='DomainClaim',
            fields=[
                ('id', models.CharField(default=conclave.kernel.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('domain', models.CharField(max_length=253)),
                ('method', models.CharField(choices=[('dns_txt', 'dns_txt'), ('well_known', 'well_known')], max_length=10)),
                ('token', models.CharField(max_length=32)),
                ('state', models.CharField(choices=[('pending', 'pending'), ('verified', 'verified'), ('grace', 'grace'), ('lapsed', 'lapsed'), ('disputed', 'disputed'), ('revoked', 'revoked')], max_length=8)),
                ('created_at', models.BigIntegerField()),
                ('ends_at', models.BigIntegerField(null=True)),
                ('next_check_at', models.BigIntegerField(null=True)),
                ('checked_at', models.BigIntegerField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('proved', 'proved'), ('absent', 'absent'), ('other', 'other'), ('alias', 'alias'), ('disagree', 'disagree'), ('unreachable', 'unreachable'), ('address', 'address'), ('redirect', 'redirect'), ('too_long', 'too_long'), ('certificate', 'certificate'), ('held', 'held')], max_length=11)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='accounts.organisation')),
            ],
            options={
                'indexes': [models.Index(fields=['state', 'ends_at'], name='claims_that_end'), models.Index(fields=['state', 'next_check_at'], name='claims_to_look_at')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['verified', 'grace'])), fields=('domain',), name='one_holder_of_a_domain'), models.UniqueConstraint(condition=models.Q(('state__in', ['pending', 'verified', 'grace', 'disputed'])), fields=('organisation', 'domain'), name='one_living_claim_of_an_organisation'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'verified', 'grace', 'lapsed', 'disputed', 'revoked'])), name='claim_state_known'), models.CheckConstraint(condition=models.Q(('method__in', ['dns_txt', 'well_known'])), name='claim_method_known')],
            },
        ),
        migrations.RunPython(write_search_keys, migrations.RunPython.noop),
    ]

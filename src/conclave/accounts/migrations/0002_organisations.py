import conclave.kernel.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.CharField(default=conclave.kernel.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('created_at', models.BigIntegerField()),
                ('dissolved_at', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.CharField(default=conclave.kernel.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('member', 'Member'), ('auditor', 'Auditor')], max_length=8)),
                ('accepted_at', models.BigIntegerField()),
                ('left_at', models.BigIntegerField(null=True)),
                ('told_at', models.BigIntegerField(null=True)),
                ('sharing', models.BooleanField(default=True)),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='accounts.organisation')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('left_at', None)), fields=('organisation', 'user'), name='one_living_membership'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'member', 'auditor'])), name='membership_role_known')],
            },
        ),
        migrations.CreateModel(
            name='OrganisationInvitation',
            fields=[
                ('id', models.CharField(default=conclave.kernel.ids.new_id, editable=False, max_length=22, primary_key=True, serialize=False)),
                ('address', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('member', 'Member'), ('auditor', 'Auditor')], max_length=8)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('made_at', models.BigIntegerField()),
                ('expires_at', models.BigIntegerField(db_index=True)),
                ('accepted_at', models.BigIntegerField(null=True)),
                ('revoked_at', models.BigIntegerField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='accounts.organisation')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None)), fields=('organisation', 'address'), name='one_open_invitation_per_address'), models.CheckConstraint(condition=models.Q(('role__in', ['admin', 'member', 'auditor'])), name='invitation_role_known')],
            },
        ),
    ]

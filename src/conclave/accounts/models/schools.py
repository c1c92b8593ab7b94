"""Organisations that the platform's staff know as schools (schooling.py has the rule of how long)."""

from django.db import models

from conclave.accounts.models.organisations import Organisation
from conclave.accounts.models.people import User
from conclave.accounts.schooling import STANDS, Standing
from conclave.kernel.ids import ID_LENGTH, new_id


class School(models.Model):
    """What an organisation says of itself as a school, and how it stands; what was decided when is in its journal."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="school")
    country = models.CharField(max_length=2)
    # Its number in the register of schools of that country.
    registry = models.CharField(max_length=40)
    evidence = models.CharField(max_length=2000)
    # To whom members turn who are worried, by whatever way is written there.
    contact_name = models.CharField(max_length=100)
    contact = models.CharField(max_length=200)
    standing = models.CharField(max_length=8, choices=[(one.value, one.value) for one in Standing])
    # Since when it waits for a decision.
    asked_at = models.BigIntegerField(null=True)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    ends_at = models.BigIntegerField(null=True)
    # For which end its owners were reminded.
    reminded_for = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(standing__in=[one.value for one in Standing]), name="school_standing_known"),
            # Whatever two reviewers do at the same moment, a school is in the register once.
            models.UniqueConstraint(
                fields=["country", "registry"],
                condition=models.Q(standing__in=[one.value for one in STANDS]),
                name="one_organisation_of_a_school",
            ),
        ]
        indexes = [models.Index(fields=["standing", "ends_at"], name="schools_that_end")]

    def __str__(self) -> str:
        return self.id

"""What an organisation rules for its meetings (rules.py has how it is judged)."""

from django.db import models

from conclave.accounts.models.organisations import Organisation
from conclave.accounts.models.people import User
from conclave.kernel.ids import ID_LENGTH, new_id


class PolicyVersion(models.Model):
    """A policy as somebody saved it; each change is a row of its own, and what was before stays to be gone back to."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="policies")
    number = models.PositiveIntegerField()
    rules = models.JSONField()
    # The earlier version that this one goes back to.
    back_to = models.PositiveIntegerField(null=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.BigIntegerField()
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "number"], name="one_policy_of_a_number"),
            models.UniqueConstraint(fields=["organisation"], condition=models.Q(is_current=True), name="one_current_policy"),
        ]

    def __str__(self) -> str:
        return self.id

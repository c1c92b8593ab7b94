"""The platform's staff: who is what (staff_policy.py has the table), and the passkeys that dangerous acts ask for."""

from collections.abc import Iterable
from enum import Enum

from django.db import models

from conclave.accounts.models.people import User
from conclave.accounts.staff_policy import APART, CASES, ORDERS
from conclave.kernel.ids import ID_LENGTH, new_id


def _one_of(field: str, roles: Iterable[Enum]) -> models.Q:
    """Return the condition that a column names one of these roles, or none."""
    return models.Q(**{f"{field}__in": ["", *(role.value for role in roles)]})


class StaffMember(models.Model):
    """What somebody is on the platform: at most one thing at each desk, and nothing else for whoever stands apart."""

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="staff")
    orders = models.CharField(max_length=8, blank=True, choices=[(role.value, role.value) for role in ORDERS])
    cases = models.CharField(max_length=9, blank=True, choices=[(role.value, role.value) for role in CASES])
    apart = models.CharField(max_length=8, blank=True, choices=[(role.value, role.value) for role in APART])
    # Where they work, and the territories in whose matters they take no part.
    work_country = models.CharField(max_length=2, blank=True)
    recused = models.JSONField(default=list)
    since = models.BigIntegerField()

    class Meta:
        constraints = [
            # Two roles of one desk have no room in a row; that an auditor or an engineer is nothing else has to be said.
            models.CheckConstraint(
                condition=models.Q(apart="") | models.Q(orders="", cases=""), name="whoever_stands_apart_is_nothing_else"
            ),
            models.CheckConstraint(
                condition=_one_of("orders", ORDERS) & _one_of("cases", CASES) & _one_of("apart", APART), name="staff_role_known"
            ),
        ]

    def __str__(self) -> str:
        return self.id


class StaffRule(models.Model):
    """In which countries the staff of this server has to work: one row, or none while the owner has limited nothing."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    countries = models.JSONField(default=list)
    # What its entries in the ledger are about, the index of the last one, and when it was made.
    obj = models.CharField(max_length=ID_LENGTH)
    leaf = models.BigIntegerField()
    since = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_rule_for_all_staff")]

    def __str__(self) -> str:
        return "staff rule"


class PasskeyAsk(models.Model):
    """A passkey is asked for, for one act of one person; gone once it was shown, or minutes later."""

    # Random: the challenge is made of it and of the act (assertion.py).
    id = models.CharField(primary_key=True, max_length=ID_LENGTH, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    asked_at = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return "passkey ask"

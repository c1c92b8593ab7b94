"""The tables of the gate: a restriction says who may not do what, where, from when until when, because of what; an application, that a
measure of an order has met somebody.
"""

from django.db import models

from conclave.gate.policy import Cause, Scope, Subject, What
from conclave.kernel.clock import DAY
from conclave.kernel.ids import ID_LENGTH
from conclave.kernel.territories import CODE_LENGTH

# ORD-4, as the database itself holds it.
LONGEST_MS = 90 * DAY


def _choices(kinds: type[Subject] | type[Scope] | type[What] | type[Cause]) -> list[tuple[str, str]]:
    """Return an enumeration as Django's choices."""
    return [(kind.value, kind.value) for kind in kinds]


class Restriction(models.Model):
    """One restriction; `subject` and `scope` are ids as text, so that this table knows no other domain."""

    subject_kind = models.CharField(max_length=12, choices=_choices(Subject))
    subject = models.CharField(max_length=64)
    scope_kind = models.CharField(max_length=12, choices=_choices(Scope))
    scope = models.CharField(max_length=64, blank=True)
    what = models.CharField(max_length=8, choices=_choices(What))
    starts_at = models.BigIntegerField()
    ends_at = models.BigIntegerField(null=True)
    cause = models.CharField(max_length=32, choices=_choices(Cause))
    notice = models.CharField(max_length=64, blank=True)
    # Of an order: its measure's leaf in the ledger, with which it is compared before it meets anybody (approved.py).
    leaf = models.BigIntegerField(null=True)
    # Where it holds only for those who are there.
    territory = models.CharField(max_length=CODE_LENGTH, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject", "scope_kind", "scope", "what", "cause"],
                condition=models.Q(ends_at=None),
                name="gate_restriction_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")), name="gate_restriction_ends_after_start"
            ),
            *(
                models.CheckConstraint(condition=models.Q(**{f"{column}__in": [one.value for one in kinds]}), name=f"gate_{column}_known")
                for column, kinds in (("subject_kind", Subject), ("scope_kind", Scope), ("what", What), ("cause", Cause))
            ),
            # Whatever writes it, an order reaches one territory, has an end, and can be taken back (ORD-1).
            models.CheckConstraint(
                condition=~models.Q(cause=Cause.ORDERED.value)
                | (models.Q(ends_at__isnull=False) & ~models.Q(territory="") & ~models.Q(notice="")),
                name="gate_order_has_end_and_territory",
            ),
            models.CheckConstraint(
                condition=~models.Q(subject_kind=Subject.TERRITORY.value)
                | models.Q(subject=models.F("territory"), cause=Cause.ORDERED.value),
                name="gate_territory_by_order_only",
            ),
            # What a measure can be, and nothing wider (ORD-1, ORD-4, ORD-11): whoever is there at one meeting, or one account from there.
            models.CheckConstraint(
                condition=~models.Q(cause=Cause.ORDERED.value)
                | models.Q(
                    models.Q(subject_kind=Subject.TERRITORY.value, scope_kind=Scope.MEETING.value)
                    | models.Q(subject_kind=Subject.ACCOUNT.value, scope_kind=Scope.PLATFORM.value),
                    what__in=[What.KNOCK.value, What.JOIN.value, What.HOST.value],
                    ends_at__lte=models.F("starts_at") + LONGEST_MS,
                ),
                name="gate_order_is_a_measure",
            ),
            # What nothing in the ledger could say meets nobody, so it is not even kept (ORD-10).
            models.CheckConstraint(
                condition=models.Q(cause=Cause.ORDERED.value, leaf__isnull=False, leaf__gte=0)
                | (~models.Q(cause=Cause.ORDERED.value) & models.Q(leaf=None)),
                name="gate_order_names_its_leaf",
            ),
            # Everywhere at once holds nothing but that.
            models.CheckConstraint(
                condition=~models.Q(scope_kind=Scope.PLATFORM.value) | models.Q(scope="", cause=Cause.ORDERED.value),
                name="gate_everywhere_by_order_only",
            ),
        ]
        indexes = [models.Index(fields=["scope_kind", "scope"], name="gate_restriction_scope")]

    def __str__(self) -> str:
        return f"{self.what} in {self.scope_kind}: {self.cause}"


class Application(models.Model):
    """A measure has kept somebody out or taken them out of a call; its id is what they read their notice by (ORD-8)."""

    class Action(models.TextChoices):
        """What was done to them."""

        DENIED = "denied", "denied"
        REMOVED = "removed", "removed"

    id = models.CharField(primary_key=True, max_length=ID_LENGTH, editable=False)
    # The measure, the meeting and the person's names there, as text: this table knows no other domain.
    measure = models.CharField(max_length=ID_LENGTH)
    territory = models.CharField(max_length=CODE_LENGTH)
    action = models.CharField(max_length=7, choices=Action.choices)
    meeting = models.CharField(max_length=ID_LENGTH)
    call = models.CharField(max_length=ID_LENGTH, blank=True)
    device = models.CharField(max_length=43, blank=True)
    account = models.CharField(max_length=ID_LENGTH, blank=True)
    # Where they were, and by which databases.
    country = models.CharField(max_length=CODE_LENGTH)
    database = models.CharField(max_length=64)
    built_at = models.BigIntegerField()
    at = models.BigIntegerField()
    undone_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            # ORD-2: nobody is met by a measure of a territory that they are not in.
            models.CheckConstraint(
                condition=models.Q(country=models.F("territory")) & ~models.Q(country=""), name="gate_application_there"
            ),
            models.CheckConstraint(condition=~models.Q(database=""), name="gate_application_has_evidence"),
            # Who tries again and again is denied once: by their account where they have one, however many devices they come with.
            models.UniqueConstraint(
                fields=["measure", "meeting", "device"], condition=models.Q(action="denied", account=""), name="gate_device_denied_once"
            ),
            models.UniqueConstraint(
                fields=["measure", "meeting", "account"],
                condition=models.Q(action="denied") & ~models.Q(account=""),
                name="gate_account_denied_once",
            ),
        ]
        indexes = [models.Index(fields=["measure", "undone_at"], name="gate_applied")]

    def __str__(self) -> str:
        return f"{self.action} by {self.measure}"

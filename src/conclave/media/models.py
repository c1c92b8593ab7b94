"""What the ledger says of the regions' engines, and who has approved a change of it so far (REG-10, REG-11)."""

from django.db import models
from django.db.models import F, Q

from conclave.kernel.ids import ID_LENGTH


class Node(models.Model):
    """A region's engine as the ledger names it last; without `described`, the ledger says that it serves no more."""

    region = models.CharField(primary_key=True, max_length=32)
    # What all its entries are about, and the index of the last one.
    obj = models.CharField(max_length=ID_LENGTH)
    leaf = models.BigIntegerField()
    described = models.JSONField(default=dict)
    by = models.CharField(max_length=13)
    # The two people, as text: their domain has the accounts; a random number in the place of one who was erased.
    first = models.CharField(max_length=40, default="")
    second = models.CharField(max_length=40, default="")
    entered_at = models.BigIntegerField()
    # Since when calls may be held there: at once where the settings have decided, else once the entry is cosigned.
    counts_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(by__in=["configuration", "two_people"]), name="node_entered_by"),
            models.CheckConstraint(
                condition=Q(by="configuration", first="", second="")
                | (Q(by="two_people") & ~Q(first="") & ~Q(second="") & ~Q(first=F("second"))),
                name="node_by_two_different_people",
            ),
            models.CheckConstraint(condition=Q(counts_at=None) | Q(counts_at__gte=F("entered_at")), name="node_counts_after_entry"),
        ]

    def __str__(self) -> str:
        return self.region


class Gateway(models.Model):
    """A gateway of this database that was alive at a time, and of each engine that its settings name a hash over what it is."""

    name = models.CharField(primary_key=True, max_length=32)
    at = models.BigIntegerField()
    engines = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class NodeApproval(models.Model):
    """Somebody has approved a change of what the ledger says of an engine, and it waits for a second person: one word for each change."""

    region = models.CharField(max_length=32)
    # As text: its domain has the accounts.
    account = models.CharField(max_length=40)
    # A hash over the whole change: another one in its place is not approved by it; and whether it is to take the engine out.
    change = models.CharField(max_length=64)
    out = models.BooleanField(default=False)
    at = models.BigIntegerField()
    # When the passkey was asked for.
    shown_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["region", "change"], name="node_one_word_for_each_change")]

    def __str__(self) -> str:
        return self.region

"""The tables of ledger and journal: sealed rows that stay, openings that can be destroyed."""

from django.db import models


class Head(models.Model):
    """Where a chain ends: locked while a row is appended, so that indices have no gaps."""

    chain = models.CharField(primary_key=True, max_length=16)
    size = models.BigIntegerField(default=0)
    tip = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return self.chain


class SealedRow(models.Model):
    """One row of a chain; nothing in it but its kind can be read without an opening."""

    index = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=32, db_index=True)
    obj = models.CharField(max_length=22, db_index=True)
    leaf = models.TextField()
    appended_at = models.BigIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind} {self.index}"


class LedgerEntry(SealedRow):
    """A leaf of the public ledger."""


class JournalEntry(SealedRow):
    """A row of the audit journal, chained by hash; not public."""

    link = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["appended_at"], name="journal_age"),
            # Whoever reads about one thing reads the newest first, a page at a time.
            models.Index(fields=["obj", "-index"], name="journal_of_one"),
        ]


class SealedField(models.Model):
    """What opens one field of a row; deleting it makes the field unreadable for good."""

    field = models.CharField(max_length=64)
    salt = models.BinaryField(max_length=32)
    value = models.JSONField()

    class Meta:
        abstract = True


class Opening(SealedField):
    """Opens a field of a ledger entry."""

    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="openings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "field"], name="one_opening_per_field")]

    def __str__(self) -> str:
        return f"opening of {self.field}"


class JournalOpening(SealedField):
    """Opens a field of a journal entry."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="openings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "field"], name="one_journal_opening_per_field")]

    def __str__(self) -> str:
        return f"journal opening of {self.field}"

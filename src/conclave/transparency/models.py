"""The tables of ledger and journal: sealed rows that stay, openings that can be destroyed."""

from django.db import models
from django.db.models.functions import Concat, Length, Right, Substr
from django.db.models.lookups import Exact


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

    # Without an index: nobody looks for it, and random keys would scatter what each entry writes over the whole file.
    obj = models.CharField(max_length=22)

    class Meta:
        constraints = [
            # By these two entries are found; the leaf itself is what the tree holds for good (sealing.py). Whoever could set them apart
            # would hide an entry from all that looks for it, and nobody outside would see it.
            models.CheckConstraint(
                condition=models.Q(Exact(Substr("leaf", 1, Length("obj") + 9), Concat(models.Value('{"obj":"'), "obj", models.Value('"'))))
                & models.Q(Exact(Right("leaf", Length("kind") + 16), Concat(models.Value('"type":"'), "kind", models.Value('","v":1}')))),
                name="ledger_names_its_leaf",
            )
        ]


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


class Current(models.Model):
    """The ledger's last word on something that holds until it changes, such as a public key; without fields, that it is gone."""

    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=400)
    fields = models.JSONField(default=dict)
    obj = models.CharField(max_length=22)
    leaf = models.BigIntegerField()
    since = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="one_current_of_a_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class TreeTile(models.Model):
    """Up to 256 neighbouring hashes of the tree over the ledger, at one of the levels that are kept (C2SP tlog-tiles)."""

    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField(max_length=8192)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="one_tile_per_place")]

    def __str__(self) -> str:
        return f"tile {self.level}/{self.number}"


class Checkpoint(models.Model):
    """What the log has signed of itself; it never signs one that does not continue the last."""

    log = models.CharField(max_length=400)
    size = models.BigIntegerField()
    root = models.CharField(max_length=44)
    note = models.TextField()
    made_at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["log", "size"], name="one_checkpoint_per_size")]

    def __str__(self) -> str:
        return f"checkpoint of {self.size}"


class Cosignature(models.Model):
    """A witness's signature under a checkpoint, checked when it came."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=400)
    line = models.TextField()
    at = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["checkpoint", "witness"], name="one_cosignature_per_witness")]

    def __str__(self) -> str:
        return f"cosignature of {self.checkpoint_id}"


class Witness(models.Model):
    """How it last went with a witness: how large a tree it has seen, when it answered, and what was wrong since."""

    vkey = models.CharField(primary_key=True, max_length=400)
    size = models.BigIntegerField(default=0)
    answered_at = models.BigIntegerField(null=True)
    failed_at = models.BigIntegerField(null=True)
    failure = models.CharField(max_length=16, blank=True)

    def __str__(self) -> str:
        return self.vkey


class JournalOpening(SealedField):
    """Opens a field of a journal entry."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="openings")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "field"], name="one_journal_opening_per_field")]

    def __str__(self) -> str:
        return f"journal opening of {self.field}"

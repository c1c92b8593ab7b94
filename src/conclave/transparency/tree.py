"""The tree over the ledger's entries, kept as tiles: a root, a proof or a page of hashes costs a few rows, however many entries there are.

Entries are hashed when a checkpoint is made, not when they are appended, so appending costs no more in a large ledger than in a small one.
"""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import ConclaveError
from conclave.transparency.head import locked_head
from conclave.transparency.models import Head, LedgerEntry, TreeTile
from conclave_verify import merkle, tile
from conclave_verify.merkle import HASH_BYTES, leaf_hash
from conclave_verify.tile import HEIGHT, WIDTH, Tile

CHAIN = "tree"
LEDGER = "ledger"
# So many entries are hashed in one transaction: the database has one writer, who must not be held up by all there are.
MOST_AT_ONCE = 8192


class LedgerForked(ConclaveError):
    """What was published is not a part of what is there: something was changed, taken out, or put back from an old copy."""

    code = "ledger_forked"
    status = 503
    message = _(
        "The public ledger does not continue what was published. Nothing is signed until whoever runs this server has looked at it."
    )


def size() -> int:
    """Return how many entries are in the tree."""
    return Head.objects.filter(chain=CHAIN).values_list("size", flat=True).first() or 0


def grow() -> int:
    """Take every entry that was appended into the tree.

    Returns:
        How many entries the tree has now.

    Raises:
        LedgerForked: entries are missing.
    """
    while True:
        with transaction.atomic():
            head = locked_head(chain=CHAIN)
            appended = Head.objects.filter(chain=LEDGER).values_list("size", flat=True).first() or 0
            last = min(appended, head.size + MOST_AT_ONCE)
            if appended < head.size:
                raise LedgerForked
            if last > head.size:
                _extend(size=head.size, hashes=[leaf_hash(entry) for entry in entries(first=head.size, last=last)])
                head.size = last
                head.save()
        if last == appended:
            return last


def entries(*, first: int, last: int) -> list[bytes]:
    """Return the entries from one index up to but not including another.

    Raises:
        LedgerForked: one of them is missing.
    """
    rows = LedgerEntry.objects.filter(index__gte=first, index__lt=last).order_by("index").values_list("leaf", flat=True)
    found = [leaf.encode() for leaf in rows]
    if len(found) != last - first:
        raise LedgerForked
    return found


def content(*, wanted: Tile) -> bytes | None:
    """Return the file of a tile or a bundle; None when the tree does not have it.

    Args:
        wanted: which.
    """
    first = wanted.number * WIDTH
    if (first + wanted.width) << (HEIGHT * (wanted.level or 0)) > size():
        return None
    if wanted.level is None:
        return tile.bundle(entries(first=first, last=first + wanted.width))
    return b"".join(_read(wanted))


def root(*, at: int) -> bytes:
    """Return the root over the first `at` entries.

    Raises:
        LedgerForked: the tree is smaller.
    """
    return merkle.root(at, tile.node_in(_read))


def inclusion(*, index: int, at: int) -> list[bytes]:
    """Return the proof that an entry is in the tree of the first `at` entries."""
    return merkle.inclusion_proof(index, at, tile.node_in(_read))


def consistency(*, old: int, at: int) -> list[bytes]:
    """Return the proof that the tree of the first `at` entries begins with that of the first `old` ones."""
    return merkle.consistency_proof(old, at, tile.node_in(_read))


def _read(wanted: Tile) -> Sequence[bytes]:
    """Return the hashes of a tile, as many as asked for: a tile only ever grows."""
    stored = TreeTile.objects.filter(level=wanted.level or 0, number=wanted.number).values_list("hashes", flat=True).first()
    found = bytes(stored or b"")[: wanted.width * HASH_BYTES]
    if len(found) < wanted.width * HASH_BYTES:
        raise LedgerForked
    return tile.hashes(found, width=wanted.width)


def _extend(*, size: int, hashes: list[bytes]) -> None:
    """Add leaf hashes to a tree of this size, and each tile that is full to the level above."""
    level, rows = 0, []
    while hashes:
        number, width = divmod(size, WIDTH)
        row = [*(_read(Tile(level, number, width)) if width else []), *hashes]
        pieces = [row[at : at + WIDTH] for at in range(0, len(row), WIDTH)]
        rows += [TreeTile(level=level, number=number + step, hashes=b"".join(piece)) for step, piece in enumerate(pieces)]
        hashes = [merkle.fold(piece) for piece in pieces if len(piece) == WIDTH]
        level, size = level + 1, number
    TreeTile.objects.bulk_create(rows, update_conflicts=True, unique_fields=["level", "number"], update_fields=["hashes"])

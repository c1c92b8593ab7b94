"""Checkpoints: what the log signs of itself, never twice differently (LEDG-4)."""

from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch

from conclave.transparency import tree
from conclave.transparency.head import locked_head
from conclave.transparency.identity import KEY_FILE, private_key
from conclave.transparency.models import Checkpoint, Cosignature, Head
from conclave.transparency.witnesses import key
from conclave_verify import checkpoint as told
from conclave_verify import note
from conclave_verify.note import b64
from conclave_verify.quorum import Policy

_log = structlog.get_logger("conclave.ledger")


def make(*, now: int) -> Checkpoint | None:
    """Sign how the tree is, with every entry that is committed, unless that was signed already.

    Args:
        now: the time.

    Returns:
        The newest checkpoint, None as long as there is no entry.

    Raises:
        LedgerForked: what was signed last is not a part of the tree any more; nothing is signed.
    """
    tree.grow()
    with transaction.atomic():
        size = locked_head(chain=tree.CHAIN).size
        last = Checkpoint.objects.order_by("-size", "-id").first()
        if last is not None:
            _check_growth(last=last, size=size)
        log = key()
        same = Checkpoint.objects.filter(log=log.vkey, size=size).first()
        if same is not None or size == 0:
            return same
        body = told.Checkpoint(log.name, size, tree.root(at=size))
        seed = private_key(path=Path(settings.CONCLAVE.state_dir) / KEY_FILE)
        signed = note.Note(body.text, (note.sign(text=body.text, name=log.name, key=seed),)).signed
        return Checkpoint.objects.create(log=log.vkey, size=size, root=b64(body.root), note=signed, made_at=now)


def appended() -> int:
    """Return how many entries were appended, signed or not."""
    return Head.objects.filter(chain=tree.LEDGER).values_list("size", flat=True).first() or 0


def newest() -> Checkpoint | None:
    """Return the largest checkpoint that this log has signed, cosigned or not."""
    return Checkpoint.objects.filter(log=key().vkey).order_by("-size").first()


def cosigned(*, policy: Policy, above: int) -> Checkpoint | None:
    """Return the newest checkpoint that enough witnesses have signed and that has more than so many entries.

    Args:
        policy: who the witnesses are, and how many are enough.
        above: the index of an entry that it must contain.
    """
    if policy.quorum == "none":
        return None
    keys = {witness.key.vkey: witness.key for witness in policy.witnesses.values()}
    ours = Prefetch("cosignatures", queryset=Cosignature.objects.filter(witness__in=list(keys)).order_by("id"))
    found = Checkpoint.objects.filter(log=key().vkey, size__gt=above, cosignatures__witness__in=list(keys)).distinct()
    for one in found.order_by("-size").prefetch_related(ours).iterator(chunk_size=8):
        if policy.enough({keys[signature.witness] for signature in one.cosignatures.all()}):
            return one
    return None


def signed(*, checkpoint: Checkpoint) -> str:
    """Return a checkpoint with all its signatures."""
    return checkpoint.note + "".join(checkpoint.cosignatures.order_by("id").values_list("line", flat=True))


def trouble() -> bool:
    """Tell whether the ledger does not continue what was signed last."""
    last = Checkpoint.objects.order_by("-size", "-id").first()
    try:
        if last is not None:
            _check_growth(last=last, size=tree.size())
    except tree.LedgerForked:
        return True
    return False


def _check_growth(*, last: Checkpoint, size: int) -> None:
    """Refuse to sign a tree that does not begin with the one that was signed last."""
    if size < last.size or b64(tree.root(at=last.size)) != last.root:
        _log.critical("ledger forked", signed=last.size, size=size)
        raise tree.LedgerForked

"""Checkpoints: what the log signs of itself, never twice differently (LEDG-4)."""

import json
import os
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch
from django.utils.translation import gettext_lazy as _

from conclave.kernel.disk import sync_file
from conclave.kernel.errors import ConclaveError
from conclave.transparency import tree, witnesses
from conclave.transparency.head import locked_head
from conclave.transparency.identity import ANEW_FILE, KEY_FILE, SIGNED_FILE, private_key
from conclave.transparency.models import Checkpoint, Cosignature, Head, Witness
from conclave.transparency.witnesses import key
from conclave_verify import checkpoint as told
from conclave_verify import note
from conclave_verify.note import Key, b64, parse_vkey
from conclave_verify.quorum import Policy

_log = structlog.get_logger("conclave.ledger")


# What a witness says that proves: it has seen more than there is, or something else.
PROVES = ("ahead", "forked")


class OtherKey(ConclaveError):
    """The ledger was signed with another key than this machine has."""

    code = "ledger_key"
    status = 503
    message = _("The public ledger was signed with another key than the one on this machine. Nothing is signed here.")


def make(*, now: int) -> Checkpoint | None:
    """Sign how the tree is, with every entry that is committed, unless that was signed already.

    Args:
        now: the time.

    Returns:
        The newest checkpoint, None as long as there is no entry. While a witness says that it has seen more or something else, it is the
        last one that was signed before: nothing new is.

    Raises:
        LedgerForked: what was signed last is not a part of the tree any more; nothing is signed.
        OtherKey: the ledger was signed with another key than ours.
    """
    tree.grow()
    anew = _file(ANEW_FILE)
    made = _make(now=now, anew=anew.exists())
    if made is not None:
        anew.unlink(missing_ok=True)
    return made


@transaction.atomic
def _make(*, now: int, anew: bool) -> Checkpoint | None:
    """Do make(), for a tree that has grown."""
    size = locked_head(chain=tree.CHAIN).size
    log = key()
    if anew:  # witnesses forget the old log, and what they said of it counts no more
        Witness.objects.update(failure="", size=0)
    else:
        _check_key(log)
    _check_growth(size=size)
    same = Checkpoint.objects.filter(log=log.vkey, size=size).first()
    if same is not None or size == 0:
        return same
    if _is_contradicted():
        _log.critical("ledger contradicted by a witness", size=size)
        before = newest()
        if before is None:
            raise tree.LedgerForked
        return before
    body = told.Checkpoint(log.name, size, tree.root(at=size))
    signed = note.Note(body.text, (note.sign(text=body.text, name=log.name, key=private_key(path=_file(KEY_FILE))),)).signed
    _remember(key=log, size=size, root=b64(body.root))
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
    # A question about each, newest first along the index, and not a list of all: has it as many signatures as there must be at least?
    seen = Exists(Cosignature.objects.filter(checkpoint=OuterRef("pk"), witness__in=list(keys))[policy.least() - 1 :])
    found = Checkpoint.objects.filter(seen, log=key().vkey, size__gt=above)
    for one in found.order_by("-size").prefetch_related(ours).iterator(chunk_size=8):
        if policy.enough({keys[signature.witness] for signature in one.cosignatures.all()}):
            return one
    return None


def was_cosigned(*, above: int) -> bool:
    """Tell whether a witness has ever signed a checkpoint with more than so many entries, whoever the witnesses are now.

    Args:
        above: the index of an entry that it must contain.
    """
    return Cosignature.objects.filter(checkpoint__size__gt=above).exists()


def signed(*, checkpoint: Checkpoint) -> str:
    """Return a checkpoint with all its signatures."""
    return checkpoint.note + "".join(checkpoint.cosignatures.order_by("id").values_list("line", flat=True))


def trouble() -> bool:
    """Tell whether nothing new is signed: the ledger does not continue what was signed last, a witness says so, or the key is another."""
    try:
        if not _file(ANEW_FILE).exists():
            _check_key(key())
        _check_growth(size=tree.size())
    except (tree.LedgerForked, OtherKey):
        return True
    return _is_contradicted()


def _last() -> Checkpoint | None:
    """Return what was signed last, by whatever key."""
    return Checkpoint.objects.order_by("-size", "-id").first()


def _check_key(log: Key) -> None:
    """Refuse to sign with another key than was signed with: a second machine made one of its own, or the old one was lost."""
    last = _last()
    if last is not None and parse_vkey(last.log).public != log.public:
        _log.critical("ledger key differs", signed=last.log, ours=log.vkey)
        raise OtherKey


def _check_growth(*, size: int) -> None:
    """Refuse to sign a tree that does not begin with the one that was signed last, by the database and by this machine's own memory."""
    last, remembered = _last(), _remembered()
    found = [(last.size, last.root)] if last is not None else []
    for signed, root in [*found, *([remembered] if remembered else [])]:
        if size < signed or b64(tree.root(at=signed)) != root:
            _log.critical("ledger forked", signed=signed, size=size)
            raise tree.LedgerForked


def _is_contradicted() -> bool:
    """Tell whether a witness of the policy says that it has seen more than there is, or something else."""
    try:
        ours = [witness.key.vkey for witness in witnesses.policy().witnesses.values()]
    except witnesses.PolicyWrong:
        return False
    return Witness.objects.filter(vkey__in=ours, failure__in=PROVES).exists()


def _file(name: str) -> Path:
    """Return where a file of the log is."""
    return Path(settings.CONCLAVE.state_dir) / name


def _remember(*, key: Key, size: int, root: str) -> None:
    """Write down what is signed before anybody sees it, beside the database, so that an older copy of that is noticed."""
    path = _file(SIGNED_FILE)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"key": b64(key.public), "size": size, "root": root}, file)
        sync_file(file=file)
    draft.replace(path)


def _remembered() -> tuple[int, str] | None:
    """Return what this machine has signed last with its key, if it did."""
    try:
        said = json.loads(_file(SIGNED_FILE).read_text(encoding="utf-8"))
        return (int(said["size"]), str(said["root"])) if said["key"] == b64(key().public) else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise tree.LedgerForked from error

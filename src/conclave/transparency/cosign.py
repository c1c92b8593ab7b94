"""Getting the witnesses' word: what they have cosigned can be neither taken out nor changed without their noticing (LEDG-5)."""

import threading
from collections.abc import Callable, Collection, Iterator

import structlog
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.kernel import b64, clock, deadlines, outbox
from conclave.kernel.errors import ConclaveError, Unavailable
from conclave.transparency import ask as asking
from conclave.transparency import checkpoints, tree, witnesses
from conclave.transparency.ask import Answer, Patience, ask, ask_all
from conclave.transparency.ledger import openings
from conclave.transparency.models import Checkpoint, Cosignature
from conclave.transparency.models import Witness as WitnessRow
from conclave_verify import proof as proofs
from conclave_verify.merkle import Wrong, check_inclusion, leaf_hash
from conclave_verify.note import unb64
from conclave_verify.quorum import Policy, Witness

# Asked again with what a witness says it has: once for its first answer, once more when another gateway was faster.
ROUNDS = 3
# Once enough have signed, the others are waited for so much longer and no more.
GRACE_SECONDS = 0.5
EVERY_MS = clock.MINUTE
# For so long a proof that everybody may ask for is the same: it is worked out from many rows.
KEPT_SECONDS = 60
KIND = "transparency.cosign"

_pace = clock.Seldom(every_ms=10 * clock.SECOND)
# One asks, for all threads of this process: whoever comes meanwhile is told to come again, and no second worker waits for a slow witness.
_asking = threading.Lock()
_log = structlog.get_logger("conclave.ledger")


class WitnessAway(Unavailable):
    """Too few witnesses have cosigned; what waits for them does not act."""

    code = "witness_away"
    message = _("Nobody outside has confirmed the public ledger yet, so nothing that needs it can act. It is tried again.")


def is_cosigned(*, index: int) -> bool:
    """Tell whether an entry is in a checkpoint that enough witnesses have signed, by the policy that is published now.

    Args:
        index: the entry's.
    """
    try:
        return checkpoints.cosigned(policy=witnesses.policy(), above=index) is not None
    except witnesses.PolicyWrong:
        return False


def was_cosigned(*, index: int) -> bool:
    """Tell whether an entry was ever in a checkpoint that a witness has signed: other witnesses, or a new log, undo nothing.

    Args:
        index: the entry's.
    """
    return checkpoints.was_cosigned(above=index)


def proof(*, index: int, fields: Collection[str] = ()) -> str | None:
    """Return the proof, as a file for whom it concerns, that an entry is in a checkpoint that enough witnesses have signed (LEDG-7).

    Args:
        index: the entry's.
        fields: which of its fields the holder may read; their openings are in the proof, where they were not destroyed.

    Returns:
        A C2SP tlog-proof with the entry in its `extra` line; None as long as is_cosigned() does not hold.

    Raises:
        LedgerForked: the entry is not what was signed.
    """
    try:
        checkpoint = checkpoints.cosigned(policy=witnesses.policy(), above=index)
    except witnesses.PolicyWrong:
        return None
    if checkpoint is None:
        return None
    (leaf,) = tree.entries(first=index, last=index + 1)
    hashes = tree.inclusion(index=index, at=checkpoint.size)
    try:
        check_inclusion(leaf=leaf_hash(leaf), index=index, size=checkpoint.size, proof=hashes, root=unb64(checkpoint.root))
    except Wrong as error:
        raise tree.LedgerForked from error
    shown: list[dict[str, object]] = [
        {"field": one.field, "salt": b64.encode(one.salt), "value": one.value} for one in openings(index=index) if one.field in fields
    ]
    return proofs.write(leaf=leaf, openings=shown, index=index, hashes=hashes, checkpoint=checkpoints.signed(checkpoint=checkpoint))


def public_proof(*, index: int, fields: Collection[str]) -> str | None:
    """Return a proof that anybody may ask for as often as they like: it is worked out once a minute, and what there was no proof of anew.

    Args:
        index: the entry's.
        fields: which of its fields everybody may read.

    Returns:
        As proof() does.
    """
    key = f"proof:{index}:{','.join(sorted(fields))}"
    known: str | None = cache.get(key)
    if known is not None:
        return known
    made = proof(index=index, fields=fields)
    if made is not None:
        cache.set(key, made, KEPT_SECONDS)
    return made


def cosign_now(*, now: int) -> int:
    """Sign a checkpoint over every committed entry and ask all witnesses, at the same time, to cosign it; waits for them.

    Call it outside a transaction: it asks other machines, and only what is committed is signed.

    Args:
        now: the time.

    Returns:
        How many entries the cosigned checkpoint has: every index below is cosigned.

    Raises:
        WitnessAway: too few of them have, or somebody else is asking them at this moment.
        LedgerForked: the ledger does not continue what was signed.
    """
    if not _asking.acquire(blocking=False):
        raise WitnessAway
    try:
        return _cosign(now)
    finally:
        _asking.release()


def _cosign(now: int) -> int:
    """Do cosign_now(); nobody else does so now."""
    checkpoint = checkpoints.make(now=now)
    if checkpoint is None:
        return 0
    try:
        policy = witnesses.policy()
    except witnesses.PolicyWrong as error:
        raise WitnessAway from error
    asked = {witness.key.vkey: witness for witness in policy.witnesses.values()}
    for _round in range(ROUNDS):
        done = set(checkpoint.cosignatures.values_list("witness", flat=True))
        asked = {vkey: witness for vkey, witness in asked.items() if vkey not in done}
        answers: dict[str, Answer] = {}
        for vkey, answer in _ask_all(checkpoint, list(asked.values()), lambda: _is_seen(checkpoint, policy)):
            answers[vkey] = answer
            _keep(checkpoint, vkey, answer, now)
        if _is_seen(checkpoint, policy):
            return checkpoint.size
        for vkey in asked.keys() - answers.keys():
            _keep(checkpoint, vkey, Answer(failure="away"), now)
        asked = {vkey: asked[vkey] for vkey, answer in answers.items() if answer.size is not None and answer.size <= checkpoint.size}
        if not asked:
            break
    raise WitnessAway


def _is_seen(checkpoint: Checkpoint, policy: Policy) -> bool:
    """Tell whether enough have signed; another gateway may have been faster with a larger one, which holds the same entries."""
    return checkpoints.cosigned(policy=policy, above=checkpoint.size - 1) is not None


@outbox.handles(KIND)
def cosign(_payload: outbox.Payload) -> None:
    """Do cosign_now() in the background; what fails is asked for again by settle()."""
    try:
        cosign_now(now=clock.now())
    except ConclaveError as error:
        _log.warning("not cosigned", code=error.code)


@deadlines.settles
def settle(now: int) -> None:
    """Have new entries signed and cosigned, at most once a minute, and what is not cosigned yet asked for again.

    Args:
        now: the time.
    """
    if not _pace.due(now=now):
        return
    appended = checkpoints.appended()
    last = checkpoints.newest()
    if not appended or (last is not None and abs(now - last.made_at) < EVERY_MS and last.size):
        return
    if (last is None or appended > last.size or not is_cosigned(index=last.size - 1)) and not outbox.is_waiting(kind=KIND):
        with transaction.atomic():
            outbox.emit(kind=KIND, payload={"size": appended}, now=now)


def _ask_all(checkpoint: Checkpoint, asked: list[Witness], enough: Callable[[], bool]) -> Iterator[tuple[str, Answer]]:
    """Ask witnesses beside each other, until enough have signed; nothing but the requests is done in their threads."""
    seen = dict(WitnessRow.objects.filter(vkey__in=[one.key.vkey for one in asked]).values_list("vkey", "size"))
    olds = {one.key.vkey: min(seen.get(one.key.vkey, 0), checkpoint.size) for one in asked}
    ways = {vkey: tree.consistency(old=old, at=checkpoint.size) for vkey, old in olds.items()}

    def way(witness: Witness) -> Callable[[], Answer]:
        vkey, address = witness.key.vkey, witnesses.address(witness=witness)
        return lambda: ask(address=address, witness=witness.key, old=olds[vkey], proof=ways[vkey], checkpoint=checkpoint.note)

    patience = Patience(seconds=GRACE_SECONDS if enough() else asking.SECONDS)
    for answer in ask_all(asking={one.key.vkey: way(one) for one in asked}, patience=patience):
        yield answer
        if enough():
            patience.shorten(seconds=GRACE_SECONDS)


def _keep(checkpoint: Checkpoint, vkey: str, answer: Answer, now: int) -> None:
    """Write down what a witness has answered."""
    told: dict[str, object] = {"answered_at": now, "failure": ""}
    if answer.signature is not None:
        signed = {"line": answer.signature.line, "at": answer.seconds * clock.SECOND}
        Cosignature.objects.get_or_create(checkpoint=checkpoint, witness=vkey, defaults=signed)
        told["size"] = checkpoint.size
    elif answer.size is not None:
        told["size"] = answer.size
        if answer.size > tree.size():  # it has seen more than there is: an old copy was put back, or this log lies
            told |= {"failure": "ahead", "failed_at": now}
    else:
        told = {"failure": answer.failure, "failed_at": now}
    if told["failure"]:
        _log.warning("witness", witness=vkey, failure=told["failure"])
    WitnessRow.objects.update_or_create(vkey=vkey, defaults=told)

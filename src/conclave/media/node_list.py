"""Reading what the ledger says of the regions' engines: for the staff, who approve, and for everybody, on the trust page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from django.conf import settings

from conclave.accounts.staff import allow_staff
from conclave.accounts.staff_policy import Act
from conclave.kernel.ids import UserId
from conclave.media import alone, nodes
from conclave.media.enter import Change
from conclave.media.models import Node, NodeApproval
from conclave.media.policy import WORD_MS
from conclave.transparency import cosign

# What everybody may read of an entry: not where on the private network an engine or its Redis answers, nor anything of its key pair.
PUBLIC = ("node", "territory", "node_address", "addresses", "turn", "state", "by", "day")


class Standing(StrEnum):
    """How the ledger and the settings agree about a region's engine."""

    SERVES = "serves"
    # Two people have decided, and the witness has not signed yet.
    WAITS = "waits"
    # The settings name one of which the ledger knows nothing, or another than it knows.
    NEW = "new"
    OTHER = "other"
    # The settings name it, and it was taken out of the ledger.
    TAKEN_OUT = "taken_out"
    # The ledger names one that the settings have no more.
    LEFT = "left"
    # It was seen to have a Redis, by which other machines take calls from it.
    SHARED = "shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One region as the staff see it; `wanted` is what the settings say, `known` what the ledger does."""

    region: str
    standing: Standing
    wanted: Mapping[str, str]
    known: Mapping[str, str]
    by: str
    leaf: int | None
    entered_at: int
    # Whether one person has approved what two can, whether that was the asker, and whether it is to take the engine out.
    approved: bool
    by_me: bool
    out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What everybody reads of a region's entry: its index, and whether the settings alone or two people have decided."""

    leaf: int
    by: str


def nodes_for_staff(*, account: UserId, now: int) -> list[Listed]:
    """Return every region of the settings and every one that the ledger names besides.

    Args:
        account: who asks.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffPlace: it is not for them.
    """
    allow_staff(account=account, act=Act.SEE_NODES, now=now)
    rows = {row.region: row for row in Node.objects.all()}
    words = list(NodeApproval.objects.filter(at__gt=now - WORD_MS).order_by("at"))
    wanted = {one.name: nodes.describe(one) for one in settings.CONCLAVE.all_regions}
    serving, shared = nodes.entered(), alone.shared()
    names = [*wanted, *(name for name, row in sorted(rows.items()) if name not in wanted and row.described)]
    listed = [_listed(name, wanted.get(name, {}), rows.get(name), words, account) for name in names]
    served = [replace(one, standing=Standing.SERVES) if one.region in serving else one for one in listed]
    # Said before anything else: whatever two people approve, no call is held there.
    return [replace(one, standing=Standing.SHARED) if one.region in shared and one.wanted else one for one in served]


def entries() -> dict[str, Entry]:
    """Return where the ledger names the engines in which calls may be held, by region."""
    serving = nodes.entered()
    return {row.region: Entry(leaf=row.leaf, by=row.by) for row in Node.objects.filter(region__in=serving)}


def proof_of(*, region: str) -> str | None:
    """Return the proof of the ledger's entry on a region's engine, for everybody; None where there is none yet.

    Args:
        region: which.
    """
    row = Node.objects.filter(pk=region).first()
    return cosign.public_proof(index=row.leaf, fields=PUBLIC) if row else None


def _listed(region: str, wanted: Mapping[str, str], row: Node | None, words: list[NodeApproval], by: UserId) -> Listed:
    """Return one region, whether or not calls may be held there."""
    known: Mapping[str, str] = row.described if row else {}
    # An approval of what the settings said before is none of what they say now.
    fitting = [one for one in words if one.change == Change(region=region, described={} if one.out else wanted).digest]
    # Of two changes of the same engine, the one that waits for the reader.
    word = next((one for one in fitting if one.account != by), next(iter(fitting), None))
    return Listed(
        region=region,
        standing=_standing(wanted, row),
        wanted=wanted,
        known=known,
        by=row.by if row else "",
        leaf=row.leaf if row else None,
        entered_at=row.entered_at if row else 0,
        approved=word is not None,
        by_me=word is not None and word.account == by,
        out=word is not None and word.out,
    )


def _standing(wanted: Mapping[str, str], row: Node | None) -> Standing:
    """Return how ledger and settings agree, for a region in which no call may be held."""
    if not wanted:
        return Standing.LEFT
    if row is None:
        return Standing.NEW
    if not row.described:
        return Standing.TAKEN_OUT
    return Standing.WAITS if row.described == wanted else Standing.OTHER

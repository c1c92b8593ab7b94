"""The public ratchet tree that joiners fetch by its SHA-256 (docs/protocol/delivery.md, "Join")."""

from conclave.kernel import b64
from conclave.keys import groups, log
from conclave.keys.locks import writing
from conclave.keys.models import Group, Tree, Welcome

TREES_KEPT = 8


def tree(*, call: str, digest: str) -> bytes | None:
    """Return the ratchet tree with this SHA-256, when a joiner of the call may need it; None else.

    Args:
        call: the call of the seat that asks.
        digest: SHA-256 in lower-case hex.
    """
    return _kept(call, digest) or _held(call, digest)


def keep_tree(*, public: groups.PublicGroup, group: Group) -> None:
    """Store the tree of the epoch that a commit has just begun, for its joiners; forget old ones that nobody waits for.

    Args:
        public: the public group, held and merged.
        group: its row.
    """
    made = public.tree()
    with writing():
        Tree.objects.get_or_create(group=group, epoch=group.epoch, defaults={"hash": made.hash, "body": b64.decode(made.tree)})
        waited_for = Welcome.objects.filter(group=group).values("tree")
        Tree.objects.filter(group=group, epoch__lte=group.epoch - TREES_KEPT).exclude(hash__in=waited_for).delete()


def _kept(call: str, digest: str) -> bytes | None:
    """Return a stored tree."""
    found = Tree.objects.filter(group__call=call, hash=digest).values_list("body", flat=True).first()
    return bytes(found) if found is not None else None


def _held(call: str, digest: str) -> bytes | None:
    """Return a tree that a welcome names and nobody has stored yet.

    Its commit is in the log, but its gateway is still merging, or died then; whoever holds the public group has seen the merge.
    """
    waiting = Welcome.objects.filter(group__call=call, tree=digest).select_related("group").first()
    if waiting is None:
        return None
    try:
        with groups.hold(call=call, incarnation=waiting.group.incarnation) as public:
            made = public.tree()
    except log.NotLive:
        return None
    return b64.decode(made.tree) if made.hash == digest else _kept(call, digest)

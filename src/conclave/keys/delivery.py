"""The delivery service's door: everything that the rest of Conclave may ask of it, one verb a file (docs/protocol/delivery.md).

arrive, lose      a seat's socket comes and goes            create       epoch 0
announce          a KeyPackage is to be added                commit       the next epoch, by compare-and-set
ack_take, _flush  who is in the epoch                        nack         who is not, and why
wish, host_word   what a host asks                           admit        whom a host lets into a strict group
hosts_inside      who has a host's say                       say          a message, in order and franked
link_version      which link the group goes by
depart, close     a seat, or the call, is over               absent       whose socket stayed away
tree              what a joiner fetches                      Feed         what a socket is told next (feed.py)
newcomers         what the policy says of whoever is new
may               what participants may, which the outbox says when it changes (RIGHTS_CHANGED)
"""

from conclave.keys.ack import flush as ack_flush
from conclave.keys.ack import take as ack_take
from conclave.keys.admit import admit
from conclave.keys.announce import BadKeyPackage, announce
from conclave.keys.arrive import Arrival, Place, Sitter, arrive, holds, lose
from conclave.keys.commit import Commit, CommitRefused, commit
from conclave.keys.create import BadGroup, create
from conclave.keys.leave import absent, close, depart, depart_together
from conclave.keys.log import NotLive
from conclave.keys.nack import nack
from conclave.keys.read import Newcomers, has_leaf, hosts_inside, newcomers
from conclave.keys.rights import CHANGED as RIGHTS_CHANGED
from conclave.keys.rights import may
from conclave.keys.said import BadMessage, say
from conclave.keys.tree import tree
from conclave.keys.wish import NotHost, holds_host_key, host_policy, host_word, link_version, wish

__all__ = [
    "RIGHTS_CHANGED",
    "Arrival",
    "BadGroup",
    "BadKeyPackage",
    "BadMessage",
    "Commit",
    "CommitRefused",
    "Newcomers",
    "NotHost",
    "NotLive",
    "Place",
    "Sitter",
    "absent",
    "ack_flush",
    "ack_take",
    "admit",
    "announce",
    "arrive",
    "close",
    "commit",
    "create",
    "depart",
    "depart_together",
    "has_leaf",
    "holds",
    "holds_host_key",
    "host_policy",
    "host_word",
    "hosts_inside",
    "link_version",
    "lose",
    "may",
    "nack",
    "newcomers",
    "say",
    "tree",
    "wish",
]

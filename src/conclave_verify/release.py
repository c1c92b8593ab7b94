"""Does a server's public ledger name the client that was built from the source? (LEDG-10)"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from conclave_verify import proof
from conclave_verify.fetch import get
from conclave_verify.merkle import Wrong
from conclave_verify.quorum import Policy

KIND = "RELEASE"
PATH = "/trust/client.tlog-proof"


class NoEntry(Exception):
    """The server shows no entry; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Named:
    """What the ledger says: where, of which version, and how large the signed tree was that was looked at."""

    index: int
    version: str
    size: int


def check(*, url: str, wanted: Mapping[str, str], policy: Policy) -> Named:
    """Fetch a server's proof that its ledger names its client, and compare it with what was built.

    A later entry may name another client: this says what the tree of the proof holds, and only whoever reads a larger one knows more.

    Args:
        url: where the installation answers, http or https.
        wanted: the files that it must give with their SHA-256, from client.hashes().
        policy: whom to believe.

    Raises:
        NoEntry: it shows none yet.
        Unreachable: it gave no answer.
        Malformed, Forged, Unsigned, Wrong: what it shows is no proof, or the ledger names another client.
    """
    parts = urlsplit(url)
    answer = get(address=f"{parts.scheme}://{parts.netloc}{PATH}")
    if answer.status != 200:
        raise NoEntry(f"{url} shows no entry of its ledger that names a client (it answers {answer.status}).")
    proved = proof.check(proof=proof.parse(answer.content), policy=policy)
    said = {one.field: one.value for one in proved.openings}
    listed = "".join(f"{digest}  {path}\n" for path, digest in sorted(wanted.items()))
    if proved.entry.type != KIND or said.get("client") != hashlib.sha256(listed.encode()).hexdigest():
        raise Wrong("The ledger names another client than the one that was built from this source.")
    return Named(proved.index, str(said.get("version", "")), proved.vouched.checkpoint.size)

"""The client that this server gives, as one hash that the public ledger names whenever it is another one (RELEASE)."""

import hashlib
from collections.abc import Mapping

from django.conf import settings

from conclave.site import assets
from conclave.transparency import cosign, current

KIND, NAME = "RELEASE", "client"
PUBLIC = ("name", "version", "client", "state", "day")


def client_list() -> str:
    """Return the files of the client that are served, each with its SHA-256, as sha256sum writes them."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(assets.hashes(dist=settings.WEB_DIST)))


@current.says(KIND)
def _client() -> Mapping[str, Mapping[str, str]]:
    """Return the client with the hash of its list and this version; nothing where it was not built."""
    listed = client_list()
    return {NAME: {"version": settings.VERSION, "client": hashlib.sha256(listed.encode()).hexdigest()}} if listed else {}


def release_proof() -> str | None:
    """Return the proof of what the ledger says of the client, for everybody; None where it says nothing yet or no witness has signed it."""
    leaf = current.leaf_of(kind=KIND, name=NAME)
    return cosign.public_proof(index=leaf, fields=PUBLIC) if leaf is not None else None

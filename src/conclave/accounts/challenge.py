"""What an organisation puts into a domain to show that it controls it, and what a look at it can find. Pure."""

import base64
import secrets
from collections.abc import Iterable
from enum import StrEnum

TOKEN_BYTES = 20
PATH = "/.well-known/conclave-domain"


class Method(StrEnum):
    """Where the token is looked for."""

    DNS = "dns_txt"
    WEB = "well_known"


class Outcome(StrEnum):
    """What a look found; everything but PROVED proves nothing."""

    PROVED = "proved"
    # Nothing is there.
    ABSENT = "absent"
    # Something is there, without this token.
    OTHER = "other"
    # The name is an alias: whoever has the other name's zone would speak for this one.
    ALIAS = "alias"
    # One resolver finds the token, another does not.
    DISAGREE = "disagree"
    # No answer, or none that means anything.
    UNREACHABLE = "unreachable"
    # The name leads to an address that is not on the public internet; nothing was asked of it.
    ADDRESS = "address"
    REDIRECT = "redirect"
    TOO_LONG = "too_long"
    CERTIFICATE = "certificate"
    # The token is there, but another organisation holds the domain by DNS, which a web server cannot contest.
    HELD = "held"


def new_token() -> str:
    """Return 160 random bits in base32, lower case: it survives every form that a registrar has."""
    return base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().lower()


def record_name(*, domain: str) -> str:
    """Return the name of the TXT record; the underscore keeps it from being anybody's host."""
    return f"_conclave-challenge.{domain}"


def record_text(*, token: str) -> str:
    """Return what the record, or a line of the file, has to say."""
    return f"token={token}"


def judged(*, texts: Iterable[str], token: str) -> Outcome:
    """Return what a list of records or lines proves; other organisations' may stand beside it.

    Args:
        texts: what was found, each as a whole.
        token: the one looked for.
    """
    found = [text.strip().strip('"').strip() for text in texts]
    if not any(found):
        return Outcome.ABSENT
    return Outcome.PROVED if record_text(token=token) in found else Outcome.OTHER


def agreed(*, outcomes: list[Outcome]) -> Outcome:
    """Return what several resolvers say together: only what all of them find is proved.

    Args:
        outcomes: one for each resolver, at least two.
    """
    if len(outcomes) < 2:
        return Outcome.UNREACHABLE
    if set(outcomes) == {Outcome.PROVED}:
        return Outcome.PROVED
    if Outcome.UNREACHABLE in outcomes:
        return Outcome.UNREACHABLE
    if Outcome.PROVED in outcomes:
        return Outcome.DISAGREE
    return next((one for one in (Outcome.ALIAS, Outcome.OTHER) if one in outcomes), Outcome.ABSENT)

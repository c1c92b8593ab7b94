"""The trust page: the promises, what each of them rests on, and how anybody can look, out of trust.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conclave.kernel import clock

FILE = Path(__file__).with_name("trust.toml")
# RFC 9116 §2.5.5 wants an end, at most a year away; a page that is made anew for each visitor is never old.
VALID_MS = 180 * clock.DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that a test shows, and the command that runs it (TRUST-1)."""

    text: str
    tests: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One of P1 to P17 in words, with what shows it; without claims it is not shown yet, and the page says so."""

    id: str
    title: str
    text: str
    claims: tuple[Claim, ...]


@cache
def source() -> Mapping[str, Any]:
    """Return the file as it is written."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def promises(*, language: str) -> tuple[Promise, ...]:
    """Return all promises, in order.

    Args:
        language: "en" or "fr".
    """
    return tuple(
        Promise(
            id=promise,
            title=words[language],
            text=words[f"text_{language}"],
            claims=tuple(
                Claim(text=claim[language], tests=tuple(claim["tests"]), command=claim["command"])
                for claim in source()["claim"]
                if claim["promise"] == promise
            ),
        )
        for promise, words in source()["promise"].items()
    )


def security_txt(*, contact: str, site: str, now: int) -> str:
    """Return whom to tell of a fault, as programs look for it (RFC 9116).

    Args:
        contact: an e-mail address or a link.
        site: the address of this server, without a slash at its end.
        now: the time.
    """
    lines = {
        "Contact": f"mailto:{contact}" if "@" in contact and ":" not in contact else contact,
        "Expires": clock.to_datetime(now + VALID_MS).isoformat(timespec="seconds"),
        "Preferred-Languages": "en, fr",
        "Canonical": f"{site}/.well-known/security.txt",
        "Policy": f"{site}/trust#security",
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())

"""E-mail addresses in normal form, so that case, dots and scripts make no second person of one (D4). Pure."""

import re
import unicodedata

import idna

LONGEST = 254
_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\\\]\x00-\x1f\x7f]{1,64}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def normal_domain(*, raw: str) -> str | None:
    """Return a domain in lower-case ASCII without a dot at its end; None for what is none.

    Args:
        raw: what was typed; may be in any script.
    """
    if len(raw) > LONGEST:
        return None
    try:
        domain = idna.encode(raw.strip(), uts46=True).decode().removesuffix(".")
    except UnicodeError:
        return None
    labels = domain.split(".")
    return domain if len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit() else None


def normal_address(*, raw: str) -> str | None:
    """Return an address in lower case, NFC, its domain as normal_domain has it; None for what is none.

    Args:
        raw: what was typed.
    """
    local, _at, host = unicodedata.normalize("NFC", raw.strip()).rpartition("@")
    domain = normal_domain(raw=host)
    if domain is None or not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    address = f"{local.lower()}@{domain}"
    return address if len(address) <= LONGEST else None

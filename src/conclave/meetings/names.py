"""What a person may be called in a call: JOIN-1. Pure but for the translation of its sentences."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused

LONGEST = 64
LONGEST_BYTES = 256
# Longer text is not even normalised: nobody's name, and normalising costs.
LONGEST_RAW = 4096

_WHITE_SPACE = re.compile("[ \t\n\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn"})
# Letters and symbols by their category that show nothing.
_INVISIBLE = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_VISIBLE_KINDS = frozenset("LNPS")


class NameEmpty(Refused):
    """Nothing that can be seen is left of the name."""

    code = "name_empty"
    status = 422
    message = _("Type the name that others will see.")


class NameTooLong(Refused):
    """The name is longer than 64 characters or 256 bytes."""

    code = "name_too_long"
    status = 422
    message = _("This name is too long: at most 64 characters.")


class NameForbidden(Refused):
    """The name holds characters that could deceive or cannot be shown."""

    code = "name_forbidden"
    status = 422
    message = _("This name contains characters that cannot be shown to others.")


def clean_line(*, raw: str, longest: int) -> str | None:
    """Return a line of text in NFC with its white space folded; None when it is too long or cannot be shown.

    Args:
        raw: what was typed; may be empty.
        longest: how many characters it may have.
    """
    if len(raw) > 8 * longest:
        return None
    line = " ".join(unicodedata.normalize("NFC", raw).split())
    return None if len(line) > longest or any(map(_is_forbidden, line)) else line


def _is_forbidden(char: str) -> bool:
    """Tell whether a character cannot be shown, or turns the text around it."""
    return char in _BIDI_CONTROLS or unicodedata.category(char) in _FORBIDDEN_CATEGORIES


def clean_name(*, raw: str) -> str:
    """Return the name as everyone will see it (JOIN-1).

    Args:
        raw: what the person typed.

    Returns:
        The name in NFC, trimmed, its white space folded to single spaces.

    Raises:
        NameEmpty: nothing visible is left.
        NameTooLong: more than 64 characters or 256 bytes.
        NameForbidden: control, bidi-control, private-use, unassigned or unpaired surrogate characters.
    """
    if len(raw) > LONGEST_RAW:
        raise NameTooLong
    name = _WHITE_SPACE.sub(" ", unicodedata.normalize("NFC", raw)).strip(" ")
    if any(map(_is_forbidden, name)):
        raise NameForbidden
    if not any(unicodedata.category(char)[0] in _VISIBLE_KINDS and char not in _INVISIBLE for char in name):
        raise NameEmpty
    if len(name) > LONGEST or len(name.encode()) > LONGEST_BYTES:
        raise NameTooLong
    return name

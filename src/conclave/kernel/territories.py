"""Territories: the codes of ISO 3166-1 and XK, each by itself, as none contains another (HK is not CN); names as in the Unicode CLDR."""

import json
import unicodedata
from functools import cache
from pathlib import Path

CODE_LENGTH = 2
# By code: its name in English and in French.
_NAMES: dict[str, tuple[str, str]] = {
    code: (english, french)
    for code, (english, french) in json.loads(Path(__file__).with_name("territories.json").read_text(encoding="utf-8")).items()
}
CODES = frozenset(_NAMES)


def territory_name(*, code: str, language: str) -> str:
    """Return what a territory is called; the code itself where it is none.

    Args:
        code: in capitals.
        language: "en" or "fr".
    """
    return _NAMES[code][language == "fr"] if code in _NAMES else code


@cache
def territories(*, language: str) -> tuple[tuple[str, str], ...]:
    """Return all codes with their names, by name.

    Args:
        language: "en" or "fr".
    """
    return tuple(sorted(((code, names[language == "fr"]) for code, names in _NAMES.items()), key=lambda one: _bare(one[1])))


def _bare(name: str) -> str:
    """Return a name as it is sorted: without accents and capitals."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))

"""`python -m conclave.translations`: compile every domain's locale/*/LC_MESSAGES/django.po, without needing gettext on the machine.

The compiled files are committed; a test fails when one is stale, or when a page has a sentence that French lacks.
"""

import ast
import re
import struct
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
# An ordinary space where French has one that never ends a line.
APART = re.compile(r" (?=[:;?!»])|(?<=«) ")


class CatalogueError(Exception):
    """A .po file cannot be read; the message names file and line."""


def catalogues() -> list[Path]:
    """Return every .po file of the gateway."""
    return sorted(SOURCE.glob("*/locale/*/LC_MESSAGES/django.po"))


def read(path: Path) -> dict[str, str]:
    """Return the sentences of a .po file: msgid to msgstr, contexts joined as gettext joins them, plural forms by NUL.

    French ones as French is set: no line ends before the signs that stand apart from their word.

    Raises:
        CatalogueError: a line is not of the format.
    """
    entries: dict[str, str] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        parts = _read_block(block, path=path)
        if "msgid" in parts:
            key = parts["msgid"] if "msgctxt" not in parts else parts["msgctxt"] + "\x04" + parts["msgid"]
            if "msgid_plural" in parts:
                key += "\x00" + parts["msgid_plural"]
            forms = [value for name, value in sorted(parts.items()) if name.startswith("msgstr")]
            if key in entries:
                raise CatalogueError(f"{path}: the sentence {key!r} appears twice.")
            text = "\x00".join(forms)
            entries[key] = APART.sub("\N{NO-BREAK SPACE}", text) if path.parents[1].name == "fr" else text
    return entries


def compile_catalogue(entries: dict[str, str]) -> bytes:
    """Return the .mo file of these sentences; those without a translation are left out."""
    pairs = sorted((key.encode(), value.encode()) for key, value in entries.items() if value.strip("\x00"))
    keys, values, count = b"", b"", len(pairs)
    key_table, value_table = [], []
    for key, value in pairs:
        key_table.append((len(key), len(keys)))
        value_table.append((len(value), len(values)))
        keys += key + b"\0"
        values += value + b"\0"
    start = 28 + count * 16
    header = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + count * 8, 0, start)
    table = [struct.pack("<2I", length, start + at) for length, at in key_table]
    table += [struct.pack("<2I", length, start + len(keys) + at) for length, at in value_table]
    return header + b"".join(table) + keys + values


def main() -> int:
    """Compile all catalogues; return the exit status."""
    for path in catalogues():
        path.with_suffix(".mo").write_bytes(compile_catalogue(read(path)))
    return 0


def _read_block(block: str, *, path: Path) -> dict[str, str]:
    """Return the strings of one entry by keyword."""
    parts: dict[str, str] = {}
    keyword = ""
    for line in block.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        text = line
        if not line.startswith('"'):
            keyword, _, text = line.partition(" ")
            parts[keyword] = ""
        try:
            parts[keyword] += str(ast.literal_eval(text))
        except (SyntaxError, ValueError, KeyError) as error:
            raise CatalogueError(f"{path}: cannot read the line {line!r}.") from error
    return parts


if __name__ == "__main__":
    sys.exit(main())

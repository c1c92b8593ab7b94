"""Kept examples of what parsers are given: corpus/<name>.json, read by the tests here and by web/tests/fuzz.test.ts before anything random.

Each file is a list of texts; `hex:…` stands for bytes. What a random run finds is added by hand, and stays.
"""

import contextlib
import json
from pathlib import Path

from hypothesis import strategies as st

HERE = Path(__file__).resolve().parent / "corpus"

texts = st.text(max_size=80) | st.text(alphabet='{}[]":,0123456789.eE-+\\abtu \u00e9\ud800\x00', max_size=80)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def kept(name: str) -> list[str]:
    """Return a corpus."""
    found: list[str] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return found


def data_of(text: str) -> bytes:
    """Return a kept example as bytes."""
    if text.startswith("hex:"):
        with contextlib.suppress(ValueError):
            return bytes.fromhex(text.removeprefix("hex:"))
    return text.encode("utf-8", "surrogatepass")


def bent(name: str) -> st.SearchStrategy[str]:
    """Return kept examples with something cut out, doubled, put in or changed, and texts that owe nothing to them."""
    return st.builds(_bend, st.sampled_from(kept(name)), st.integers(0), st.integers(0), texts) | texts


def bent_json(name: str) -> st.SearchStrategy[str]:
    """Return kept JSON objects with a key changed, added or left out, beside what bent() gives."""
    objects = [value for value in map(_object, kept(name)) if value]
    return st.builds(_swap, st.sampled_from(objects), st.integers(0), texts, values) | bent(name)


def _bend(text: str, start: int, length: int, piece: str) -> str:
    """Replace a stretch of the text."""
    at = start % (len(text) + 1)
    return text[:at] + piece + text[at + length % 9 :]


def _swap(value: dict[str, object], which: int, name: str, other: object) -> str:
    """Change one key's value, or leave the key out, or add one."""
    keys = sorted(value)
    key = keys[which % len(keys)]
    changed = value | {key: other}
    if which % 3 == 1:
        changed.pop(key)
    if which % 3 == 2:
        changed = value | {name: other}
    return json.dumps(changed)


def _object(text: str) -> dict[str, object] | None:
    """Return the JSON object that a text is, if it is one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None

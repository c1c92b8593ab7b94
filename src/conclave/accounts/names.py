"""What people and organisations may be called: a line that can be seen and that turns no text around. Pure."""

import unicodedata


def shown_line(*, raw: str, longest: int) -> str | None:
    """Return a line in NFC with its white space folded; None when it is empty, too long, or holds what cannot be seen.

    Args:
        raw: what was typed.
        longest: how many characters it may have.
    """
    if len(raw) > 8 * longest:
        return None
    line = " ".join(unicodedata.normalize("NFC", raw).split())
    return line if 0 < len(line) <= longest and line.isprintable() else None

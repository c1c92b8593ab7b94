"""Writes docs/claims.md out of the file that the trust page is made of: `python -m tests.docs.claims`."""

from conclave.site.trust import source
from tests.docs.documents import DOCS

PAGE = DOCS / "claims.md"
HEAD = """# Claims

What we say in public, and how anybody can check it.
A test fails if a claim names no test, a test that does not exist, or a command that is not ours.
What is *not* protected stands on the page `/protection` of every installation, and in [SECURITY.md](../SECURITY.md).
This page and `/trust` are made of `src/conclave/site/trust.toml` (`python -m tests.docs.claims`).

| promise | claim | tests | command |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as it must be."""
    rows = [
        f"| {claim['promise']} | {claim['en']} | {' '.join(f'`{test}`' for test in claim['tests'])} | `{claim['command']}` |"
        for claim in source()["claim"]
    ]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

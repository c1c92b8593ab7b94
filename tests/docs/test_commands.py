"""Every command that a page tells people to type is one that there is."""

import re
import shlex

import pytest

from conclave.cli import _parser
from tests.docs.test_pages import PAGES

LINE = re.compile(r"(?:^|&& |sudo |`|/opt/conclave)\./conclave ([a-z][^`#&]*)|/opt/conclave/conclave ([a-z][^`#&]*)", re.MULTILINE)


def commands() -> list[str]:
    """Return what stands after ./conclave in code, on any page."""
    found: set[str] = set()
    for page in PAGES:
        for code in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", page.read_text(encoding="utf-8"), re.DOTALL):
            for line in "\n".join(code).splitlines():
                found |= {(one or other).strip() for one, other in LINE.findall(line)}
    return sorted(found)


def test_the_pages_have_commands() -> None:
    assert {"run", "test", "doctor --json", "build"} <= set(commands())


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_pages_is_one_that_there_is(command: str) -> None:
    if re.search(r"[A-Z|…]", command):  # names in capitals stand for something
        return
    _parser().parse_args(shlex.split(command))

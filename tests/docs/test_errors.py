"""Every code that a person or a client can be told is explained: what it means, and what to do."""

import importlib
import pkgutil
import re

import pytest

import conclave
from conclave.kernel.errors import ConclaveError
from tests.docs.documents import DOCS, ROOT, table

PAGE = DOCS / "errors.md"
CONTRACT = ROOT / "web" / "src" / "call" / "contract.ts"
NOT_IMPORTABLE = {"conclave.asgi", "conclave.wsgi"}


def classes(base: type[ConclaveError]) -> set[type[ConclaveError]]:
    """Return all subclasses of the base, at any depth."""
    return {base, *(found for child in base.__subclasses__() for found in classes(child))}


def server_codes() -> set[str]:
    """Return the codes of all errors that the server's modules declare."""
    for module in pkgutil.walk_packages(conclave.__path__, "conclave."):
        if module.name not in NOT_IMPORTABLE and ".migrations" not in module.name:
            importlib.import_module(module.name)
    return {found.code for found in classes(ConclaveError)}


def end_reasons() -> set[str]:
    """Return the reasons for which the client says that a call is over."""
    found = re.search(r"export type EndReason =(.*?);", CONTRACT.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return set(re.findall(r'"([a-z_]+)"', found.group(1)))


DOCUMENTED = {row["code"].strip("`"): row for row in table(PAGE)} if PAGE.exists() else {}


def test_every_code_of_the_server_is_explained() -> None:
    assert server_codes() <= set(DOCUMENTED)


@pytest.mark.parametrize("reason", sorted(end_reasons()))
def test_every_end_of_a_call_is_explained(reason: str) -> None:
    assert reason in DOCUMENTED


def test_no_code_is_explained_that_nobody_uses() -> None:
    used = server_codes() | end_reasons()
    sources = "".join(path.read_text(encoding="utf-8") for path in [*(ROOT / "src").rglob("*.py"), *(ROOT / "mls" / "src").rglob("*.rs")])
    assert not {code for code in DOCUMENTED if code not in used and f'"{code}"' not in sources}


@pytest.mark.parametrize("code", sorted(DOCUMENTED))
def test_each_explanation_says_what_it_means_and_what_to_do(code: str) -> None:
    row = DOCUMENTED[code]
    assert row["what it means"].endswith(".")
    assert row["what to do"].endswith(".")

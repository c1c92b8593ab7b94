import ast
from pathlib import Path

import pytest

from deploy import uv
from deploy.progress import SetupError

NAME = uv.WHEELS[("Linux", "x86_64")][0]
ABSOLUTE = f"https://files.example.org/packages/aa/{NAME}"


@pytest.mark.parametrize(
    ("page", "base", "address"),
    [
        (f'<a href="{ABSOLUTE}#sha256=00">{NAME}</a>', "https://index.example.org/simple/uv/", ABSOLUTE),
        (
            f'<a href="../../packages/aa/{NAME}#sha256=00">x</a>',
            "https://index.example.org/simple/uv/",
            f"https://index.example.org/packages/aa/{NAME}",
        ),
        (
            f'<base href="/mirror/"><a href="{NAME}">x</a>',
            "https://index.example.org/simple/uv/",
            f"https://index.example.org/mirror/{NAME}",
        ),
        (
            f'<a href="other.whl">o</a><a class="x" href="/{NAME}?token=1">x</a>',
            "http://localhost:1/uv/",
            f"http://localhost:1/{NAME}?token=1",
        ),
        (f'<a href="/f/{NAME}">x</a>', "https://me:pw@index.example.org/simple/uv/", f"https://me:pw@index.example.org/f/{NAME}"),
        (f'<a href="{ABSOLUTE}">x</a>', "https://me:pw@index.example.org/simple/uv/", ABSOLUTE),
    ],
)
def test_links_of_a_simple_index_are_found_however_they_are_written(page: str, base: str, address: str) -> None:
    assert uv.find_link(page, base=base, name=NAME) == address


def test_an_index_without_the_wheel_is_a_sentence_that_keeps_the_password() -> None:
    with pytest.raises(SetupError, match="does not have uv-") as refused:
        uv.find_link("<html></html>", base="https://me:secret@index.example.org/simple/uv/", name=NAME)
    assert "secret" not in str(refused.value)


def test_uv_gets_the_operators_index_and_certificates_and_stays_in_the_checkout() -> None:
    env = uv.environment(
        {"PIP_INDEX_URL": "https://index.example.org/simple", "PIP_CERT": "/ca.pem", "VIRTUAL_ENV": "/elsewhere", "PYTHONPATH": "x"}
    )
    assert env["UV_DEFAULT_INDEX"] == "https://index.example.org/simple"
    assert env["SSL_CERT_FILE"] == "/ca.pem"
    assert Path(env["UV_CACHE_DIR"]).is_relative_to(uv.HOME)
    assert "VIRTUAL_ENV" not in env
    assert "PYTHONPATH" not in env


def test_the_operators_own_uv_settings_win() -> None:
    env = uv.environment(
        {
            "PIP_INDEX_URL": "https://a.example.org",
            "UV_DEFAULT_INDEX": "https://b.example.org",
            "SSL_CERT_FILE": "/b.pem",
            "PIP_CERT": "/a.pem",
        }
    )
    assert (env["UV_DEFAULT_INDEX"], env["SSL_CERT_FILE"]) == ("https://b.example.org", "/b.pem")


@pytest.mark.parametrize("name", ["__init__", "bootstrap", "machine", "progress", "uv"])
def test_what_runs_before_there_is_a_newer_python_is_python_3_8(name: str) -> None:
    source = (uv.ROOT / "deploy" / f"{name}.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))


def test_the_lock_files_name_no_registry() -> None:
    for lock in [uv.ROOT / "requirements.lock", *(uv.ROOT / "deploy").glob("*.lock")]:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock
        assert "--hash=sha256:" in text, lock

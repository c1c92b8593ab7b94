"""The trust page: the promises with what shows them, the files of the client, and whom to tell of a fault."""

import gzip
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from conclave.kernel import clock
from conclave.media.receipt import receipt_key
from conclave.site import assets, trust
from conclave_verify.client import hashes

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_promise_stands_there_with_its_claims_their_tests_and_commands(language: str) -> None:
    text = Client(headers={"accept-language": language}).get("/trust").content.decode()
    for promise in trust.promises(language=language):
        assert f'id="{promise.id}"' in text
        for claim in promise.claims:
            assert escape(claim.text) in text
            assert all(escape(test) in text for test in claim.tests)


def test_a_promise_that_no_test_shows_says_so() -> None:
    bare = [promise for promise in trust.promises(language="en") if not promise.claims]
    assert Client().get("/trust").content.decode().count("Not shown yet.") == len(bare)


def test_reg_8_whoever_has_a_receipt_finds_the_key_that_it_must_be_signed_with(settings: Settings, tmp_path: Path) -> None:
    settings.CONCLAVE = replace(settings.CONCLAVE, state_dir=tmp_path)
    assert f'data-part="receipt-key">{receipt_key()}<' in Client().get("/trust").content.decode()


def test_the_weekly_session_and_the_contact_are_named_where_they_are_set(settings: Settings) -> None:
    def page(**changes: str) -> str:
        settings.CONCLAVE = replace(settings.CONCLAVE, **changes)
        return Client().get("/trust").content.decode()

    assert "https://ask.example/m/x" not in page()
    assert "https://ask.example/m/x" in page(weekly_session="https://ask.example/m/x")
    assert "mailto:keys@school.example" in page(contact="keys@school.example")


def test_the_regions_of_the_platform_are_named_and_no_others() -> None:
    text = Client().get("/trust").content.decode()
    assert re.findall(r"<li>(\w+),", text[text.index('id="regions"') : text.index('id="client"')]) == ["local"]


def test_programs_find_whom_to_tell_of_a_fault(settings: Settings) -> None:
    assert Client().get("/.well-known/security.txt").status_code == 404
    settings.CONCLAVE = replace(settings.CONCLAVE, contact="keys@school.example", public_url="https://meet.school.example")
    answer = Client().get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert lines.pop("Expires").endswith("+00:00")
    assert lines == {
        "Contact": "mailto:keys@school.example",
        "Preferred-Languages": "en, fr",
        "Canonical": "https://meet.school.example/.well-known/security.txt",
        "Policy": "https://meet.school.example/trust#security",
    }


def test_what_a_program_finds_ends_within_a_year() -> None:
    text = trust.security_txt(contact="https://school.example/report", site="https://meet.school.example", now=0)
    assert "Contact: https://school.example/report\n" in text
    assert f"Expires: {clock.to_datetime(trust.VALID_MS).isoformat()}" in text
    assert trust.VALID_MS < 365 * clock.DAY


def test_trust_2_the_list_has_each_file_of_the_client_with_the_hash_of_what_is_given(tmp_path: Path, settings: Settings) -> None:
    dist = tmp_path / "dist"
    files = {"assets/main-abcdefgh.js": b"main", "assets/worker-abcdefgh.js": b"worker", "icon.svg": b"<svg/>"}
    packed = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    for name, content in {**files, **packed, ".vite/manifest.json": b"{}"}.items():
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_bytes(content)
    settings.WEB_DIST = settings.STATIC_ROOT = dist
    listed = Client().get("/trust/client.sha256").content.decode()
    digests = {name: digest for digest, name in (line.split("  ") for line in listed.splitlines())}
    assert list(digests) == list(files)
    given = {name: Client().get(f"/static/{name}") for name in files}
    assert digests == {name: hashlib.sha256(answer.content).hexdigest() for name, answer in given.items()}
    file = tmp_path / "list"
    file.write_text(listed)
    assert hashes(built=file) == hashes(built=dist) == dict(assets.hashes(dist=dist))

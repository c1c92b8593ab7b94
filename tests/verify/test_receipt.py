"""conclave_verify/receipt.py against receipts that the server signed, and against what Mallory makes of them (REG-8, REG-9)."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from conclave.kernel.ids import new_id
from conclave.media.receipt import receipt, receipt_key
from conclave_verify.__main__ import main
from conclave_verify.signed import decode

NINE = 1_800_000_000_000
HOUR = 3_600_000
MEETING, SECRET, HOST = new_id(), new_id(), new_id()
LINK = f"https://meet.example/m/{MEETING}#{SECRET}.{HOST}"


def stop(region: str, at: int, **changes: Any) -> dict[str, Any]:
    """A stop as route.py keeps it."""
    return {
        "region": region, "territory": region.upper(), "addresses": [f"192.0.2.{len(region) + ord(region[0])}"],
        "platform": ["de", "fr"], "lists": [["FR", "de"]], "from": at, "why": "began", **changes,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.CONCLAVE = dataclasses.replace(settings.CONCLAVE, state_dir=tmp_path / "var", public_url="https://meet.example\x1b[2J")


def made(tmp_path: Path, *stops: dict[str, Any], to: int | None = NINE + HOUR) -> Path:
    """Save a receipt, by default of a call that moved from France to Germany."""
    route = list(stops) or [stop("fr", NINE), stop("de", NINE + HOUR // 2, why="policy")]
    path = tmp_path / "receipt.json"
    path.write_bytes(receipt(call=new_id(), meeting=MEETING, started_at=NINE, ended_at=to, route=route, now=NINE + HOUR))
    return path


def test_reg_8_a_receipt_is_good_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """REG-8: and what the server wrote moves nothing on the terminal."""
    path = made(tmp_path)
    assert main(["receipt", str(path), f"--key={receipt_key()}", "--link", LINK]) == 0
    said = capsys.readouterr().out
    assert [line.split("  ")[1:] for line in said.splitlines()[:2]] == [["fr (FR)", "began"], ["de (DE)", "policy"]]
    assert "\x1b" not in said
    assert "Compare" not in said
    assert "Good: https://meet.example" in said
    assert main(["receipt", str(made(tmp_path, stop("fr", NINE), to=None))]) == 3
    said = capsys.readouterr().out
    assert f"Whoever holds the key {receipt_key()}, and says to be https://meet.example" in said
    assert "Good" not in said


def test_reg_8_a_signature_written_in_a_second_way_is_not_good(tmp_path: Path) -> None:
    """REG-8: one receipt has one text; bits that mean nothing, and another alphabet, are noticed."""
    path = made(tmp_path)
    given = json.loads(path.read_text(encoding="utf-8"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = alphabet[alphabet.index(given["signature"][-1]) ^ 1]
    for other in (given["signature"][:-1] + spare, given["signature"] + "=="):
        path.write_text(json.dumps({**given, "signature": other}), encoding="utf-8")
        assert main(["receipt", str(path), f"--key={receipt_key()}"]) == 1


def test_b64_has_one_way_to_write_bytes() -> None:
    assert decode(text="-_8") == b"\xfb\xff"
    assert [decode(text=other) for other in ("+/8", "-_9", "-_8=")] == [b"", b"", b""]


def test_reg_8_every_changed_byte_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """REG-8: edited anywhere, it is wrong or no receipt at all."""
    path = made(tmp_path)
    good = path.read_bytes()
    for at in range(0, len(good) - 1, 7):
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        assert main(["receipt", str(path), f"--key={receipt_key()}"]) in {1, 2}, good[at : at + 20]
    capsys.readouterr()


def test_reg_8_of_another_server_or_another_meeting_it_is_worth_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """REG-8: replayed for another meeting, or signed by whoever likes."""
    path = made(tmp_path)
    assert main(["receipt", str(path), "--key", "A" * 43]) == 1
    assert "another key" in capsys.readouterr().out
    assert main(["receipt", str(path), f"--key={receipt_key()}", "--link", LINK.replace(MEETING, new_id())]) == 1
    assert "another meeting" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lists": [["FR"]]}, "does not allow"),
        ({"lists": [["FR", "de"], []]}, "does not allow"),
        ({"platform": ["fr"]}, "own list does not allow"),
        ({"from": NINE - 1}, "in no order"),
    ],
)
def test_reg_1_a_server_that_signs_what_breaks_its_own_lists_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], sentence: str
) -> None:
    """REG-1, REG-2: the signature is good, and what it signs is not."""
    path = made(tmp_path, stop("fr", NINE), stop("de", NINE + HOUR // 2, **change))
    assert main(["receipt", str(path)]) == 1
    assert sentence in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "after", "code"),
    [
        (stop("fr", 0)["addresses"][0], 60_000, 0),
        (stop("de", 0)["addresses"][0], HOUR // 2 + 60_000, 0),
        (stop("fr", 0)["addresses"][0], HOUR // 2 + 30_000, 0),
        (stop("fr", 0)["addresses"][0], HOUR // 2 + 90_000, 1),
        (stop("de", 0)["addresses"][0], 60_000, 1),
        ("198.51.100.66", 60_000, 1),
        ("nowhere", 60_000, 2),
    ],
)
def test_reg_9_what_a_browser_saw_must_be_of_the_region_of_that_time(tmp_path: Path, address: str, after: int, code: int) -> None:
    """REG-9: for a minute around a move both are right."""
    path = made(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"observed": [{"address": address, "at": NINE + after}]}))
    assert main(["receipt", str(path), f"--key={receipt_key()}"]) == code


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"receipt":{},"signature":"","key":""}', "1.5", '{"a":1,"a":1}', "[" * 100_000])
def test_what_is_no_receipt_cannot_be_looked_at(tmp_path: Path, text: str) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    assert main(["receipt", str(path)]) == 2
    assert main(["receipt", str(tmp_path / "none")]) == 2

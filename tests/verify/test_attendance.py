"""conclave_verify/attendance.py against records that a host's member signed, and against what Mallory makes of them (ATT-1)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.kernel import b64
from conclave.kernel.ids import new_id
from conclave_verify import attendance
from conclave_verify.__main__ import main
from tests.keys.members import Mind, new_world

NINE = 1_800_000_000_000


@dataclass
class Saved:
    """A record as a host saved it, and the link of its meeting."""

    path: Path
    meeting: str
    link: str

    def bend(self, **changes: Any) -> Path:
        """Save it with other fields."""
        given = json.loads(self.path.read_text())
        given["attendance"] |= changes
        self.path.write_text(json.dumps(given))
        return self.path


def save(path: Path) -> Saved:
    """Let a host's member sign who was in a call of its own: Bob for a minute, Zoé for a second."""
    world = new_world()
    host = Mind(world, "Alice", host=True)
    host.sit()
    host.create(new_id())

    def stay(name: str, leaf: dict[str, Any], **until: int) -> dict[str, Any]:
        known = {"key": leaf["key"], "participant": leaf["participant"], "incarnation": host.incarnation}
        return {**known, "epoch": 0, "from": NINE, "name": name, **until}

    (own,) = host.state["roster"]
    people = [stay("Alice", own), stay("Bob", own, until=NINE + 60_000), stay("Zoé\x1b[2J", own, until=NINE + 1_000)]
    made = host.mls.call("sign_attendance", people=people)
    path.write_text(json.dumps({"attendance": json.loads(str(made["attendance"])), "signature": made["signature"]}, indent=1))
    return Saved(path, world.meeting, f"https://meet.example/m/{world.meeting}#{world.secret}.{world.host_hash}")


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """Alice's list."""
    return save(tmp_path / "attendance.json")


def test_a_hosts_record_is_good_and_says_who_was_here(saved: Saved, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attendance", str(saved.path), "--link", saved.link]) == 0
    told = capsys.readouterr().out
    assert "2027-01-15 08:00:00  2027-01-15 08:01:00  Bob (typed this name)" in told
    assert "Alice (typed this name)" in told
    assert "here still" in told
    assert "Good: the host of meeting" in told
    assert "\x1b" not in told


def test_a_certificate_of_a_later_policy_is_judged_with_its_version(saved: Saved) -> None:
    """POL-23: signed here by keys of the test's own, as a host's member would who took the role again."""
    link, leaf = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    record = json.loads(saved.path.read_text())["attendance"]

    def sign(key: Ed25519PrivateKey, label: str, value: object) -> str:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return b64.encode(key.sign(label.encode() + b"\0" + text.encode()))

    by, key = (b64.encode(one.public_key().public_bytes_raw()) for one in (link, leaf))
    word = sign(link, "conclave/host-certificate/1", {"call": record["call"], "key": key, "meeting": record["meeting"], "version": 2})
    for version, code in ((2, 0), (3, 1), (0, 1)):
        record["hosts"] = [{"by": by, "key": key, "signature": word, "version": version}]
        saved.path.write_text(json.dumps({"attendance": record, "signature": sign(leaf, "conclave/attendance/1", record)}))
        assert main(["attendance", str(saved.path)]) == code, version


def test_without_the_link_it_says_what_to_compare(saved: Saved, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attendance", str(saved.path)]) == 0
    assert f"ends in {saved.link[saved.link.rindex('.') :]};" in capsys.readouterr().out


def test_the_secret_is_not_needed(saved: Saved) -> None:
    place, fragment = saved.link.split("#")
    assert main(["attendance", str(saved.path), "--link", f"{place}#.{fragment.split('.')[1]}"]) == 0


def test_whatever_is_changed_is_noticed(saved: Saved, capsys: pytest.CaptureFixture[str]) -> None:
    people = json.loads(saved.path.read_text())["attendance"]["people"]
    whole = saved.path.read_text()
    changes: list[dict[str, Any]] = [
        {"people": people[:-1]},
        {"people": [*people[:-1], {**people[-1], "name": "Charlie"}]},
        {"people": [*people[:-1], {**people[-1], "from": NINE - 1}]},
        {"made": NINE},
        {"meeting": "A" * 22},
        {"call": "A" * 22},
    ]
    for change in changes:
        saved.path.write_text(whole)
        assert main(["attendance", str(saved.bend(**change))]) == 1, change
    assert capsys.readouterr().out.count("NOT good.") == len(changes)


def test_who_makes_its_own_host_is_none_of_the_link(saved: Saved, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of_mallory = save(tmp_path / "mallory.json")
    path = of_mallory.path
    assert main(["attendance", str(path), "--link", saved.link]) == 1
    link = attendance.parse_link(saved.link)
    with pytest.raises(attendance.Wrong, match="nobody whom the link makes a host"):
        attendance.check(path=path, link=attendance.Link(meeting=of_mallory.meeting, host_hash=link.host_hash))
    # With Alice's certificate in front it is hers no more than before.
    hers = json.loads(saved.path.read_text())["attendance"]["hosts"]
    text = json.loads(path.read_text())
    text["attendance"]["hosts"] = [*hers, *text["attendance"]["hosts"]]
    path.write_text(json.dumps(text))
    assert main(["attendance", str(path)]) == 1
    assert "nobody vouches" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"attendance":{},"signature":""}', '{"signature":"","signature":""}', "1.5", "[" * 100_000]
)
def test_what_is_no_record_is_a_sentence(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.json"
    path.write_text(text)
    assert main(["attendance", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_times_fields_and_links_that_cannot_be_are_a_sentence(saved: Saved) -> None:
    whole = saved.path.read_text()
    people = json.loads(whole)["attendance"]["people"]
    changes: list[dict[str, Any]] = [{"made": True}, {"v": 2}, {"more": 1}, {"people": [{**people[0], "from": 10**20}]}, {"hosts": [1]}]
    for change in changes:
        saved.path.write_text(whole)
        assert main(["attendance", str(saved.bend(**change))]) == 2, change
    for link in ("", "nonsense", "https://meet.example/m/short#a.b", saved.link.split("#")[0]):
        with pytest.raises(attendance.Unreadable):
            attendance.parse_link(link)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert main(["attendance", str(tmp_path / "absent.json")]) == 2

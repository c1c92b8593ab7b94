"""meetings/entrance.py: who comes into a meeting and how (MEET-8 to MEET-10)."""

import json
from typing import Any

import pytest
from django.test import Client

from conclave.accounts.models import User
from conclave.accounts.rules import STARTS
from conclave.gate.policy import Waiting, Who
from conclave.kernel import limits
from conclave.kernel.ids import new_id
from conclave.keys import delivery
from conclave.meetings import entrance
from conclave.meetings.models import Meeting, Participant
from conclave.meetings.ruled import PRESETS
from tests.meetings.conftest import Link, Posts, device_of, key_of

pytestmark = pytest.mark.django_db


def asks(posts: Posts, link: Link, name: str = "Bob", **more: Any) -> Any:
    """Ask for a seat."""
    who = {"v": 1, "meeting": link.meeting, "link_id": link.link_id, "name": name}
    answer = posts("/join", {**who, "signature_key": key_of(name), "device": device_of(name), **more})
    return "ticket" if answer.status_code == 200 else answer.json()["error"]["code"]


def make(posts: Posts, **settings: Any) -> Link:
    """Make a meeting with these settings."""
    made = {"meeting": new_id(), "title": "Plans", "link_id": new_id(), "host_hash": new_id(), **settings}
    answer = posts("/meetings", made)
    assert answer.status_code == 201, answer.content
    return Link(meeting=made["meeting"], link_id=made["link_id"])


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_sets_what_it_says(posts: Posts, client: Client, alice: User, preset: str) -> None:
    """MEET-10."""
    client.force_login(alice)
    link = make(posts, preset=preset)
    (shown,) = client.get("/api/v1/meetings").json()["meetings"]
    assert shown["entrance"].pop("version")
    assert shown["entrance"] == {"preset": preset, "passcode": False, "capacity": 0, **PRESETS[preset]["entrance"]}
    client.logout()
    assert asks(posts, link) == ("ticket" if preset == "open" else "knock_required")


def test_without_a_word_a_meeting_is_guarded(posts: Posts, client: Client, alice: User) -> None:
    """MEET-10."""
    client.force_login(alice)
    make(posts)
    assert Meeting.objects.get().preset == STARTS == "guarded"
    assert Meeting.objects.get().waiting == "uninvited"


def test_presets_hold_only_what_the_gate_knows() -> None:
    """MEET-10."""
    for preset in PRESETS.values():
        assert set(preset) == {"entrance", "policy"}
        assert Who(preset["entrance"]["who"])
        assert Waiting(preset["entrance"]["waiting"])


def test_a_meetings_owner_changes_who_comes_in(posts: Posts, client: Client, alice: User, bob: User) -> None:
    """MEET-8, MEET-4."""
    client.force_login(alice)
    link = make(posts, preset="open")
    path = f"/meetings/{link.meeting}"
    client.force_login(bob)
    assert posts(path, {"preset": "guarded"}, method="patch").status_code == 404
    client.force_login(alice)
    changed = posts(path, {"preset": "school", "entrance": {"capacity": 30, "before_host": True}}, method="patch").json()["entrance"]
    assert changed.pop("version")
    assert changed == {
        "preset": "school", "who": "link", "waiting": "strangers", "passcode": False, "before_host": True, "capacity": 30,
    }  # fmt: skip
    client.force_login(bob)
    assert asks(posts, link) == "ticket"
    client.logout()
    assert asks(posts, link, "Charlie") == "knock_required"


def test_meet_21_settings_that_were_changed_since_are_not_written_over(posts: Posts, client: Client, alice: User) -> None:
    """MEET-21: of two windows, the one that is behind writes over nothing; the passcode is one of the settings."""
    client.force_login(alice)
    path = f"/meetings/{make(posts, preset='open').meeting}"
    seen = [client.get(f"/api/v1{path}").json()["entrance"]["version"]]
    for change in ({"waiting": "everybody"}, {"capacity": 7}, {"passcode": "for this class"}, {"passcode": "another one"}):
        answer = posts(path, {"entrance": change, "seen": seen[-1]}, method="patch")
        assert answer.status_code == 200, answer.content
        seen.append(answer.json()["entrance"]["version"])
    assert len(set(seen)) == 5
    before = Meeting.objects.values().get()
    for behind in (*seen[:-1], "", "x"):
        answer = posts(path, {"title": "Mine", "entrance": {"waiting": "nobody"}, "seen": behind}, method="patch")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "meeting_stale")
    assert Meeting.objects.values().get() == before
    # A program that names what it changes has looked at nothing.
    assert posts(path, {"entrance": {"waiting": "strangers"}}, method="patch").status_code == 200


def test_only_who_is_signed_in_comes_in(posts: Posts, client: Client, alice: User, bob: User) -> None:
    """MEET-8."""
    client.force_login(alice)
    link = make(posts, preset="open", entrance={"who": "signed_in"})
    client.logout()
    asked = {"meeting": link.meeting, "link_id": link.link_id}
    assert posts("/lobby", asked).json()["sign_in"] is True
    assert asks(posts, link) == "sign_in_required"
    assert posts("/knock", {**asked, "v": 1, "name": "B", "signature_key": key_of("B"), "device": device_of("B")}).status_code == 403
    client.force_login(bob)
    assert posts("/lobby", asked).json()["sign_in"] is False
    assert asks(posts, link) == "ticket"


def test_a_full_meeting_has_room_for_hosts_alone(posts: Posts, client: Client, alice: User) -> None:
    """MEET-8."""
    client.force_login(alice)
    link = make(posts, preset="open", entrance={"capacity": 1})
    client.logout()
    assert [asks(posts, link, name) for name in ("Bob", "Carol")] == ["ticket", "call_full"]
    client.force_login(alice)
    assert asks(posts, link, "Alice") == "ticket"


def test_a_host_who_comes_first_takes_nobodys_seat(posts: Posts, client: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEET-8."""
    client.force_login(alice)
    link = make(posts, preset="open", entrance={"capacity": 1})
    assert asks(posts, link, "Alice") == "ticket"
    client.logout()
    hosts = set(Participant.objects.values_list("pk", flat=True))
    monkeypatch.setattr(delivery, "hosts_inside", lambda **_: hosts)
    assert [asks(posts, link, name) for name in ("Bob", "Carol")] == ["ticket", "call_full"]


def test_nothing_is_hashed_for_a_token_that_is_not_ours(posts: Posts, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEET-6: a hash takes memory and time, and whoever has no token gets neither."""
    monkeypatch.setattr(entrance, "make_password", lambda _: pytest.fail("hashed"))
    made = {
        "meeting": new_id(),
        "title": "",
        "link_id": new_id(),
        "host_hash": new_id(),
        "now": new_id(),
        "entrance": {"passcode": "open sesame"},
    }
    assert posts("/meetings", made).json()["error"]["code"] == "now_used"


def test_a_passcode_is_asked_for_and_kept_only_as_an_argon2_hash(
    posts: Posts, client: Client, alice: User, capfd: pytest.CaptureFixture[str]
) -> None:
    """MEET-9: and nobody is ever told it again."""
    client.force_login(alice)
    link = make(posts, preset="open", entrance={"passcode": "open sesame"})
    assert asks(posts, link, "Alice") == "ticket"
    shown = client.get("/api/v1/meetings").content.decode()
    client.logout()
    assert posts("/lobby", {"meeting": link.meeting, "link_id": link.link_id}).json()["passcode"] is True
    assert [asks(posts, link, **more) for more in ({}, {"passcode": "open barley"}, {"passcode": "open sesame"})] == [
        "passcode_required",
        "passcode_wrong",
        "ticket",
    ]
    assert Meeting.objects.get().passcode_hash.startswith("argon2$argon2id$")
    assert "sesame" not in shown + json.dumps(list(Meeting.objects.values()), default=str) + "".join(capfd.readouterr())


def test_guessing_a_passcode_is_slowed_down(posts: Posts, client: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """MEET-9: even the right one is not looked at any more; another address is not held up."""
    monkeypatch.setattr(entrance, "WRONG_RATE", limits.Rate(name="passcode_wrong", burst=2, every_ms=60_000))
    client.force_login(alice)
    link = make(posts, preset="open", entrance={"passcode": "open sesame"})
    client.logout()
    tried = [asks(posts, link, passcode=word) for word in ("guess 1", "guess 2", "guess 3", "open sesame")]
    assert tried == ["passcode_wrong", "passcode_wrong", "too_often", "too_often"]
    client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert asks(posts, link, passcode="open sesame") == "ticket"


@pytest.mark.parametrize("passcode", ["short", "x" * 65])
def test_a_passcode_that_is_too_short_is_refused(posts: Posts, client: Client, alice: User, passcode: str) -> None:
    """MEET-9."""
    client.force_login(alice)
    made = {"meeting": new_id(), "link_id": new_id(), "host_hash": new_id(), "entrance": {"passcode": passcode}}
    assert posts("/meetings", made).status_code in {400, 422}
    assert not Meeting.objects.exists()

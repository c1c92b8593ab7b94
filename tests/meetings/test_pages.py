"""meetings/pages.py: the call's shell tells nothing; one's own meetings are one's own."""

import pytest
from django.test import Client

from conclave.accounts.models import User
from conclave.kernel.ids import new_id
from tests.meetings.conftest import Joins, Link

pytestmark = pytest.mark.django_db


def test_the_call_page_is_the_same_for_every_id(client: Client, link: Link) -> None:
    """LINK-4."""
    known = client.get(f"/m/{link.meeting}")
    unknown = client.get(f"/m/{new_id()}")
    odd = client.get("/m/not-an-id")
    assert known.status_code == unknown.status_code == odd.status_code == 200
    assert len({_without_paths(answer.content) for answer in (known, unknown, odd)}) == 1


def test_ones_own_meetings_need_an_account(client: Client) -> None:
    answer = client.get("/meetings")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/login/?next=/meetings")


def test_an_owner_sees_theirs_and_charlie_sees_none(client: Client, link: Link, alice: User, bob: User, joins: Joins) -> None:
    joins("Bob")
    client.force_login(alice)
    assert "Plans" in client.get("/meetings").content.decode()
    client.force_login(bob)
    page = client.get("/meetings").content.decode()
    assert "Plans" not in page
    assert link.meeting not in page


def test_a_title_is_shown_as_text(client: Client, link: Link, alice: User) -> None:
    from conclave.meetings.models import Meeting

    Meeting.objects.filter(pk=link.meeting).update(title="<script>x</script>")
    client.force_login(alice)
    assert "<script>x" not in client.get("/meetings").content.decode()


def test_the_meet_now_page_is_open_to_everybody(client: Client) -> None:
    assert client.get("/now").status_code == 200
    assert client.post("/now").status_code in {403, 405}


def _without_paths(page: bytes) -> bytes:
    """Return a page without the address it repeats in its language form, nor per-request tokens."""
    import re

    return re.sub(rb'value="[^"]*"|nonce="[^"]*"', b"", page)

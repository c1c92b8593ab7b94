"""What whoever holds the terminal can do: hand out access, and see whether the journal was touched."""

import pytest

from conclave import admin
from conclave.accounts.models import OwnerLink, User
from conclave.accounts.owner import access_link, owner_link, use_owner_link
from conclave.accounts.retention import ACCESS_LINK_MS
from conclave.kernel import clock
from conclave.transparency.models import JournalEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def _owned() -> None:
    token = str(owner_link(now=1)).partition("#")[2]
    use_owner_link(token=token, email="alice@example.org", name="Alice", password="correct horse battery staple", now=2)


def test_a_link_for_the_first_owner_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert admin.main(act="owner-link", email=None) == 0
    assert "/owner#" in capsys.readouterr().out


@pytest.mark.usefixtures("_owned")
def test_with_an_owner_a_link_needs_an_address_that_has_an_account(capsys: pytest.CaptureFixture[str]) -> None:
    assert admin.main(act="owner-link", email=None) == 0
    assert "There is an owner already." in capsys.readouterr().out
    assert admin.main(act="owner-link", email="charlie@example.org") == 1
    assert "no account" in capsys.readouterr().err
    assert admin.main(act="owner-link", email="Alice@example.org") == 0
    token = capsys.readouterr().out.strip().partition("#")[2]
    use_owner_link(token=token, email="alice@example.org", name="", password="another long password", now=3)
    assert User.objects.get().check_password("another long password")


@pytest.mark.usefixtures("_owned")
def test_a_touched_journal_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert admin.main(act="journal", email=None) == 0
    assert "holds" in capsys.readouterr().out
    JournalEntry.objects.update(leaf="{}")
    assert admin.main(act="journal", email=None) == 1
    assert "row 0" in capsys.readouterr().err


@pytest.mark.usefixtures("_owned")
def test_what_is_kept_no_longer_is_counted_before_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    access_link(email="alice@example.org", now=clock.now() - ACCESS_LINK_MS)
    assert admin.main(act="retention", dry_run=True) == 0
    assert "       1  accounts.access_link\n" in capsys.readouterr().out
    assert OwnerLink.objects.exists()
    assert admin.main(act="retention") == 0
    assert "       1  accounts.access_link\n" in capsys.readouterr().out
    assert not OwnerLink.objects.exists()

"""One person's data across all domains: everything about them in one archive, and everything about them gone."""

import json
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import IO

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from conclave.accounts import personal as accounts
from conclave.authorities import personal as authorities
from conclave.gate import personal as gate
from conclave.kernel import clock, deadlines
from conclave.keys.locks import writing
from conclave.media import personal as media
from conclave.meetings import personal as meetings
from conclave.transparency import personal as transparency

# In the order in which they let go: who needs to know more of the person comes first, and last what the others have written down of it.
DOMAINS = (authorities, meetings, gate, media, accounts, transparency)
# What the archive's index says of each section; a test fails for one without.
TITLES = {
    "account": _("Your account"),
    "addresses": _("Your e-mail addresses"),
    "sessions": _("Browsers in which you are signed in, and until when"),
    "devices": _("Devices in which you are signed in, as their browsers name themselves"),
    "factors": _("Your passkeys, authenticator app and recovery codes: that there are some, and since when"),
    "tokens": _("Tokens that you made for programs; what opens anything is not kept"),
    "identities": _("Who you are where organisations let you sign in"),
    "staff": _("What you are among those who run this server"),
    "keyring": _("Your keyring: the links of your meetings as ciphertext, which this server cannot open"),
    "keyring_openers": _("What opens your keyring: its key, sealed to each passkey, recovery code and device"),
    "organisations": _("Organisations to which you belong or belonged"),
    "organisation_policies": _("Policies of organisations that you saved, and when"),
    "organisation_invitations": _("Invitations to organisations that were made for your address"),
    "meetings": _("Your meetings; their links are in your browsers and nowhere else"),
    "calls": _("When your meetings took place"),
    "invitations_made": _("Invitations to your meetings, without the names of those you invited"),
    "invitations_received": _("Invitations that others made for your address"),
    "seats": _("Calls you are in now"),
    "knocks": _("Doors at which you wait now"),
    "bans": _("Meetings you were banned from, by the name you had there"),
    "orders": _("What orders of public authorities did to you in meetings"),
    "measures": _("Measures of public authorities on your account"),
    "node_approvals": _("Media engines that you have approved and that wait for a second person, as one of the staff"),
    "nodes_entered": _("Media engines of which you have approved, as one of two people of the staff, what the ledger says"),
    "told_to_authorities": _("What was told of you to public authorities"),
    "glass_opened": _("Looks of the staff at your addresses or at your meetings, and the entry in the ledger"),
    "glass_asked": _("Logs and addresses that you asked to look at, as one of the staff"),
    "glass_agreed": _("Looks at logs and addresses that you agreed to, as one of the staff"),
    "order_parts": _("Your part in orders of public authorities, as one of the staff"),
    "restrictions": _("Where your account may not come in, and why"),
    "journal": _("What the audit journal says of you"),
    "ledger": _("What the public ledger says of you"),
}
_looking = clock.Seldom(every_ms=clock.MINUTE)
_log = structlog.get_logger("conclave.personal")


def write_archive(*, account: str, language: str, now: int, file: IO[bytes]) -> None:
    """Write everything about a person as a zip file: a section a file, as JSON, and a page that says what each is.

    Row by row, so that however much there is, no more than a row of it is in memory.

    Args:
        account: whose.
        language: the language of the page.
        now: the time.
        file: where it is written.
    """
    counts, made = {}, clock.to_datetime(now)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for domain in DOMAINS:
            for name, rows in domain.export(account=account).items():
                with archive.open(_entry(f"{name}.json", made), "w") as out:
                    counts[name] = _write_rows(rows, out)
        with override(language):
            listed = [{"name": name, "title": TITLES.get(name, name), "rows": rows} for name, rows in counts.items()]
            page = render_to_string("archive.html", {"sections": listed, "made": made, "language": language})
        archive.writestr(_entry("index.html", made), page)


def erase(*, account: str, now: int) -> None:
    """Erase a person: in one transaction, from every domain.

    Args:
        account: whose.
        now: the time.
    """
    with writing():
        for domain in DOMAINS:
            domain.erase(account=account, now=now)


@deadlines.settles
def settle_erasures(now: int) -> None:
    """Erase those whose week is over, within the minute.

    Args:
        now: the time.
    """
    for account in accounts.due(now=now) if _looking.due(now=now) else []:
        try:
            erase(account=account, now=now)
        except Exception as error:  # noqa: BLE001 - one that cannot be carried out must not hold up the others; it is tried again
            _log.error("account not erased", error=repr(error))


def _write_rows(rows: Iterable[dict[str, object]], out: IO[bytes]) -> int:
    """Write a JSON list, row by row; return how many."""
    count = 0
    for count, row in enumerate(rows, start=1):
        text = json.dumps(_readable(row), cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
        out.write(f"{'[' if count == 1 else ','}\n{text}".encode())
    out.write(b"\n]\n" if count else b"[]\n")
    return count


def _readable(row: dict[str, object]) -> dict[str, object]:
    """Return a row with its times as people and programs read them."""
    return {name: _moment(value) if name.endswith("_at") else value for name, value in row.items()}


def _moment(value: object) -> object:
    """Return a time of ours in ISO 8601."""
    return clock.to_datetime(value).isoformat() if isinstance(value, int) else value


def _entry(name: str, made: datetime) -> zipfile.ZipInfo:
    """Return how a file stands in the archive."""
    entry = zipfile.ZipInfo(name, date_time=(made.year, made.month, made.day, made.hour, made.minute, made.second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry

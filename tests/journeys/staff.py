"""A court and the desk that judges its orders, in a process of their own beside a server: they use its pages over HTTP, as browsers do, and
show passkeys in software. Commands come as JSON lines on standard input, answers go out as JSON lines (tests/journeys/office.py).

What their pages look like is shown elsewhere (test_orders.py); here they are only quick. The clock is moved here, by a gateway's own code.
"""

import json
import re
import sys
import traceback
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import django

django.setup(set_prefix=False)

from allauth.account.models import EmailAddress  # noqa: E402
from django.conf import settings  # noqa: E402

from conclave.accounts.models import StaffMember, User  # noqa: E402
from conclave.authorities import expire  # noqa: E402
from conclave.authorities.approve import COSIGN  # noqa: E402
from conclave.authorities.models import Hand, Measure, Order, Part  # noqa: E402
from conclave.kernel import clock  # noqa: E402
from conclave.kernel.models import OutboxEvent  # noqa: E402
from conclave.transparency.models import LedgerEntry  # noqa: E402
from conclave.transparency.report import make_report  # noqa: E402
from tests.accounts.passkey import Device, Passkey  # noqa: E402
from tests.journeys.office import ANSWER  # noqa: E402

PEOPLE = {"Rita": ("reviewer", "FR"), "Ann": ("approver", "DE"), "Ben": ("approver", "NL")}
SAID = {
    "kind": "act",
    "authority": "Court of Somewhere",
    "authority_kind": "court",
    "authority_territory": "CN",
    "contact": "registry@court.example",
    "legal_basis": "Law 1, art. 2",
    "reasons": "Because of art. 2.",
    "target": "The meeting of 4 June",
    "redress": "Appeal within 14 days.",
    "language": "en",
}
FOUND = {
    "authority_kind": "court",
    "authority_territory": "CN",
    "authority_verified": "Called back by the number in its register.",
    "necessity": "It names one meeting.",
    "proportionality": "One territory, one week.",
    "rights": "Expression; nobody elsewhere.",
}
OPTIONS = re.compile(r'<script id="passkey-options" type="application/json">(.*?)</script>', re.DOTALL)
ASK = re.compile(r'<input type="hidden" name="ask" value="([^"]+)"')
SECONDS = 30


class Window:
    """A browser without a screen: it keeps cookies and sends forms."""

    def __init__(self) -> None:
        """Hold no cookie yet."""
        self._url = settings.CONCLAVE.public_url.rstrip("/")
        self._cookies = CookieJar()
        self._browser = build_opener(HTTPCookieProcessor(self._cookies))
        # Any page with a form gives the token that every form is sent with.
        self.get("/account/login/")

    def get(self, path: str, *, accept: str = "text/html") -> str:
        """Return a page."""
        with self._browser.open(Request(self._url + path, headers={"Accept": accept}), timeout=SECONDS) as answer:
            return str(answer.read().decode())

    def post(self, path: str, **said: str) -> tuple[str, str]:
        """Send a form; return the address to which that leads, and the page there."""
        token = next(str(one.value) for one in self._cookies if one.name == settings.CSRF_COOKIE_NAME)
        body = urlencode({**said, "csrfmiddlewaretoken": token}).encode()
        with self._browser.open(Request(self._url + path, body), timeout=SECONDS) as answer:
            return str(answer.url), str(answer.read().decode())


class Office:
    """Everybody, and what they can be asked."""

    def __init__(self) -> None:
        """Appoint the desk's people, and let them sign in."""
        self._devices = {name: _device(name, *place) for name, place in PEOPLE.items()}
        self._windows = {name: self._signed_in(device) for name, device in self._devices.items()}
        self._court = Window()

    def orders(self, *, claimed: str, **said: str) -> dict[str, Any]:
        """Let the court send an order on the portal."""
        address, _page = self._court.post("/authorities", **{**SAID, "claimed": claimed, **said})
        receipt = address.rpartition("/")[2]
        row = Order.objects.get(receipt=receipt)
        return {"order": row.pk, "receipt": receipt, "public_id": row.public_id}

    def reads(self, *, receipt: str) -> dict[str, Any]:
        """Let the court look how its order stands."""
        return {"page": self._court.get(f"/authorities/{receipt}")}

    def narrows(self, *, order: str, meeting: str, territory: str, days: int = 7) -> dict[str, Any]:
        """Let Rita review an order, and narrow it to one territory of one meeting."""
        self._act(order, "take")
        measure = {"kind": "remove_from", "meeting": meeting, "territory": territory, "days": str(days)}
        self._act(order, "narrow", **FOUND, **measure)
        return self.stands(order=order)

    def refuses(self, *, order: str, grounds: str, explanation: str) -> dict[str, Any]:
        """Let Rita review an order, and refuse it."""
        self._act(order, "take")
        self._act(order, "refuse", grounds=grounds, explanation=explanation)
        return self.stands(order=order)

    def approves(self, *, order: str, by: str) -> dict[str, Any]:
        """Let somebody approve with their passkey; with the second it acts by itself."""
        path = f"/staff/orders/{order}"
        _address, page = self._windows[by].post(path, act="approve")
        options, ask = OPTIONS.search(page), ASK.search(page)
        assert options, page
        assert ask, page
        credential = self._devices[by].key.shown_for(json.loads(options[1])["request_options"])
        self._windows[by].post(path, act="approve", ask=ask[1], credential=credential)
        return self.stands(order=order)

    def stands(self, *, order: str) -> dict[str, Any]:
        """Return how an order stands, and of which kinds its leaves are."""
        row = Order.objects.get(pk=order)
        leaves = list(LedgerEntry.objects.filter(obj=row.obj).order_by("index").values_list("kind", flat=True))
        measures = list(Measure.objects.filter(order=row).values_list("territory", "state"))
        return {"state": row.state, "outcome": row.outcome, "leaves": leaves, "measures": measures}

    def times(self, *, order: str) -> dict[str, Any]:
        """Return when the second approval came, when the witness had cosigned, and when the measure acted, in ms since 1970."""
        asked = OutboxEvent.objects.filter(kind=COSIGN, payload__order=order).get()
        second = Hand.objects.get(order=order, part=Part.SECOND)
        return {"quorum": second.at, "cosigned": asked.done_at, "acted": Measure.objects.get(order=order).active_at}

    def expires(self, *, order: str) -> dict[str, Any]:
        """Let the end of an order's measures come, as the clock of a gateway beside the server has it; no person does anything."""
        expire.settle(max(Measure.objects.filter(order=order).values_list("ends_at", flat=True)))
        return self.stands(order=order)

    def reports(self, *, period: str, folder: str) -> dict[str, Any]:
        """Make the transparency report, as `./conclave admin report` does."""
        return {"end": make_report(period=period, start=0, folder=Path(folder), now=clock.now())}

    def _act(self, order: str, act: str, **said: str) -> None:
        """Let Rita do something on the page of an order."""
        self._windows["Rita"].post(f"/staff/orders/{order}", act=act, **said)

    def _signed_in(self, device: Device) -> Window:
        """Let somebody sign in with their passkey."""
        window = Window()
        options = json.loads(window.get("/account/login/passkey/", accept="application/json"))["request_options"]
        window.post("/account/login/passkey/", credential=device.key.shown_for(options))
        return window


def _device(name: str, role: str, country: str) -> Device:
    """Make one of the desk's people, as the owner appoints them, with a passkey."""
    now, address = clock.now(), f"{name.lower()}@desk.example"
    user = User.objects.create_user(email=address, password="", now=now, name=name, is_verified=True)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    StaffMember.objects.create(user=user, orders=role, work_country=country, since=now)
    return Device(user, Passkey(name.encode(), origin=settings.CONCLAVE.public_url))


def main() -> None:
    """Answer commands until there are no more."""
    office = Office()
    _say({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        act: Callable[..., dict[str, Any]] = getattr(office, asked.pop("do"))
        try:
            _say({"ok": act(**asked)})
        except Exception:  # noqa: BLE001 - whatever went wrong is the answer
            _say({"error": traceback.format_exc()})


def _say(answer: dict[str, Any]) -> None:
    """Answer."""
    sys.stdout.write(ANSWER + json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

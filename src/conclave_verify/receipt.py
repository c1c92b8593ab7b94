"""Is a routing receipt what a server signed, and does what it says keep to its own lists? (REG-8, REG-9)"""

import base64
import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conclave_verify import signed
from conclave_verify.attendance import Unreadable, Wrong, parse_link

FILE = {"key": str, "receipt": dict, "signature": str}
OBSERVED = {"observed": list}
RECEIPT = {"call": str, "carried": list, "from": int, "issuer": str, "made": int, "meeting": str, "stops": list, "v": int}
STOP = {"addresses": list, "from": int, "lists": list, "platform": list, "region": str, "territory": str, "why": str}
SEEN = {"address": str, "at": int}
LATEST = 253402300799999  # the last day that a calendar of four digits knows
# A client that looks while its call moves may still see the region before.
MOVING_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A region in which a call was held, from when on, and why it came there."""

    region: str
    territory: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt whose signature is good and whose stops are all allowed by the lists that it names."""

    issuer: str
    key: str
    call: str
    until: datetime | None
    stops: tuple[Stop, ...]
    observed: int


def check(*, path: Path, key: str | None = None, link: str | None = None) -> list[Receipt]:
    """Read one receipt, or a file of several, and judge each.

    Args:
        path: the file that a participant or an organisation saved.
        key: the server's receipt key, from elsewhere; without it, the one in the file is still to be compared.
        link: the link of the meeting that each must be of.

    Returns:
        What they say.

    Raises:
        Unreadable: it is no such file.
        Wrong: somebody changed it, it is by another key or of another meeting, or it breaks its own lists.
    """
    given = _read(path)
    several = (
        given["receipts"] if isinstance(given, dict) and list(given) == ["receipts"] and isinstance(given["receipts"], list) else [given]
    )
    return [_judged(_whole(one), key, link) for one in several]


def _judged(given: dict[str, Any], key: str | None, link: str | None) -> Receipt:
    """Judge one receipt."""
    said = given["receipt"]
    if not signed.is_signed(key=given["key"], label="conclave/receipt/1", value=said, signature=given["signature"]):
        raise Wrong("The signature does not fit: the receipt was changed.")
    if key is not None and key != given["key"]:
        raise Wrong("The receipt is signed by another key than the server's.")
    if link is not None and said["meeting"] != pseudonym(meeting=parse_link(link).meeting):
        raise Wrong("The receipt is of another meeting than the link.")
    stops = [_stop(stop) for stop in said["stops"]]
    if not stops:
        raise Wrong("The receipt names no region.")
    times = [said["from"], *(stop["from"] for stop in said["stops"])]
    if times != sorted(times) or (said["to"] is not None and said["to"] < times[-1]):
        raise Wrong("The times of the receipt are in no order.")
    for seen in given.get("observed", []):
        _observed(seen, said)
    until = None if said["to"] is None else _moment(said["to"])
    observed = len(given.get("observed", []))
    return Receipt(issuer=said["issuer"], key=given["key"], call=said["call"], until=until, stops=tuple(stops), observed=observed)


def pseudonym(*, meeting: str) -> str:
    """Return what a receipt calls a meeting.

    Args:
        meeting: its id, as its link has it.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(b"conclave/receipt-meeting/1\0" + meeting.encode()).digest()[:16]).rstrip(b"=").decode()


def _read(path: Path) -> object:
    """Return what a file says."""
    try:
        return signed.parse(text=signed.read(path=path))
    except signed.TooLarge as error:
        raise Unreadable(f"{path} is too large for a receipt.") from error
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is not JSON as it should be.") from error


def _whole(given: object) -> dict[str, Any]:
    """Return a receipt of the right shape."""
    found = _shape(given, FILE, OBSERVED)
    said = found["receipt"]
    end = said.get("to", "")
    _shape({name: value for name, value in said.items() if name != "to"}, RECEIPT)
    if end is not None and (type(end) is not int or not 0 <= end <= LATEST):
        raise Unreadable("The receipt names a time that no calendar has.")
    if said["v"] != 1:
        raise Unreadable("The receipt is of a version that this program does not know.")
    return found


def _stop(stop: object) -> Stop:
    """Return one stop, if the lists that it names allow its region (REG-1, REG-2)."""
    said = _shape(stop, STOP)
    named = {said["region"], said["territory"]} - {""}
    for names in said["lists"]:
        if not isinstance(names, list) or not named & {name for name in names if isinstance(name, str)}:
            raise Wrong(f"The call was held in {said['region']}, which a list that the receipt names does not allow.")
    if said["region"] not in said["platform"]:
        raise Wrong(f"The call was held in {said['region']}, which the server's own list does not allow.")
    return Stop(region=said["region"], territory=said["territory"], since=_moment(said["from"]), why=said["why"])


def _observed(seen: object, said: Mapping[str, Any]) -> None:
    """Raise Wrong if a browser saw its media come from where the region has no address (REG-9)."""
    saw = _shape(seen, SEEN)
    stops = said["stops"]
    ends = [*(stop["from"] for stop in stops[1:]), LATEST]
    near = [stop for stop, end in zip(stops, ends, strict=True) if stop["from"] - MOVING_MS <= saw["at"] <= end + MOVING_MS]
    if _address(saw["address"]) not in {_address(one) for stop in near for one in stop["addresses"]}:
        raise Wrong(f"A browser saw its media go to {saw['address']}, which is no address of the region.")


def _address(text: object) -> str:
    """Return an address in one form."""
    try:
        return str(ipaddress.ip_address(str(text)))
    except ValueError as error:
        raise Unreadable("The receipt names an address that is none.") from error


def _shape(value: object, needed: Mapping[str, type], optional: Mapping[str, type] | None = None) -> dict[str, Any]:
    """Return the value as a record of exactly these fields, or refuse it."""
    fields = {**needed, **(optional or {})}
    if not isinstance(value, dict) or not needed.keys() <= value.keys() <= fields.keys():
        raise Unreadable("The file is not a receipt of a call.")
    if any(type(value[name]) is not fields[name] for name in value):
        raise Unreadable("The file is not a receipt of a call.")
    return value


def _moment(milliseconds: int) -> datetime:
    """Return a time of the protocol."""
    if not 0 <= milliseconds <= LATEST:
        raise Unreadable("The receipt names a time that no calendar has.")
    return datetime.fromtimestamp(milliseconds // 1000, UTC)

"""A desk with its people, a witness that a test turns on and off, and orders that go as far as a test wants."""

from dataclasses import dataclass, field, replace

from conclave.accounts.models import StaffMember, User
from conclave.authorities import execute, expire
from conclave.authorities.approve import approve, ask_approval
from conclave.authorities.models import Measure, Order
from conclave.authorities.policy import DAY, AuthorityKind, Channel, OrderKind, State
from conclave.authorities.receive import Receipt, Said, receive
from conclave.authorities.review import Draft, Judgement, narrow, take
from conclave.gate.policy import Confidence, Evidence, Kind
from conclave.kernel.ids import UserId
from tests.accounts.organisation import account, person
from tests.accounts.passkey import Device, Passkey
from tests.meetings import conftest as meetings

# One time for those who decide and for those who meet: a measure that begins a second after they come would meet nobody.
NOW = meetings.NOW
FOUND = Judgement(
    authority_kind=AuthorityKind.COURT,
    authority_territory="CN",
    authority_verified="Called back by the number in its register.",
    necessity="It names one meeting.",
    proportionality="One territory, one week.",
    rights="Expression; nobody elsewhere.",
)
SAID = Said(
    kind=OrderKind.ACT,
    authority="Court of Somewhere",
    authority_kind=AuthorityKind.COURT,
    authority_territory="CN",
    contact="registry@court.example",
    claimed=("CN",),
    legal_basis="Law 1, art. 2",
    reasons="Because of art. 2.",
    target="The meeting of 4 June",
    redress="Appeal within 14 days.",
    language="en",
)


def there(country: str) -> Evidence:
    """Return evidence on which both databases agree."""
    return Evidence(country=country, confidence=Confidence.HIGH, database="d" * 64, built_at=1)


@dataclass
class Desk:
    """Those who work on orders; `cosigns` tells whether the witness is there."""

    ivy: User
    rita: User
    ann: Device
    ben: Device
    zoe: Device
    cosigns: bool = True
    asked: list[int] = field(default_factory=list)
    # How many entries it has signed: what it has, no absence takes back.
    signed: int = 0

    def is_cosigned(self, *, index: int) -> bool:
        """Answer as the witness would."""
        self.signed = max(self.signed, index + 1) if self.cosigns else self.signed
        return 0 <= index < self.signed

    def cosign_now(self, *, now: int) -> None:
        """Note that the witness was asked."""
        self.asked.append(now)

    def receives(self, said: Said = SAID, *, by: User | None = None, now: int = NOW, channel: Channel = Channel.PORTAL) -> Receipt:
        """Take an order in."""
        return receive(said=said, channel=channel, by=account(by) if by else None, now=now)

    def takes(self, order: str, *, now: int = NOW) -> None:
        """Let Rita review it."""
        take(order=order, account=account(self.rita), now=now)

    def narrows(self, order: str, *drafts: Draft, now: int = NOW, **found: object) -> list[str]:
        """Let Rita narrow it."""
        return narrow(order=order, account=account(self.rita), found=replace(FOUND, **found), drafts=drafts, now=now)  # type: ignore[arg-type] # of Judgement

    def approves(self, order: str, by: Device, *, now: int = NOW, later: int = 0) -> State:
        """Let somebody approve it."""
        who = account(by.user)
        question = ask_approval(order=order, account=who, now=now)
        return approve(order=order, account=who, shown=by.answers(question), now=now + later)

    def orders(self, *drafts: Draft, said: Said = SAID, now: int = NOW) -> str:
        """Let an order go as far as two approvals; return its id."""
        order = self.receives(said, now=now).order
        self.takes(order, now=now)
        self.narrows(order, *drafts, now=now)
        self.approves(order, self.ann, now=now)
        self.approves(order, self.ben, now=now)
        return order


def draft(*, meeting: str = "", account_id: str = "", territory: str = "CN", kind: Kind = Kind.REMOVE_FROM, days: int = 7) -> Draft:
    """Return a measure from now on."""
    return Draft(kind=kind, territory=territory, meeting=meeting, account=account_id, starts_at=NOW, ends_at=NOW + days * DAY)


def make_desk() -> Desk:
    """Appoint Ivy, Rita and the approvers: Ann works in Germany, Ben in France, Zoe in China."""
    return Desk(
        ivy=_appoint("Ivy", "intake", "FR"),
        rita=_appoint("Rita", "reviewer", "FR"),
        ann=_device("Ann", "DE"),
        ben=_device("Ben", "FR"),
        zoe=_device("Zoe", "CN"),
    )


def goes_on(now: int) -> None:
    """Let time do what it does."""
    execute.settle(now)
    expire.settle(now)


def state_of(order: str) -> str:
    """Return where an order stands."""
    return Order.objects.get(pk=order).state


def measure_states(order: str) -> list[str]:
    """Return where its measures stand."""
    return sorted(Measure.objects.filter(order=order).values_list("state", flat=True))


def claiming(*claimed: str, **more: object) -> Said:
    """Return the order with other territories."""
    return replace(SAID, claimed=claimed, **more)  # type: ignore[arg-type] # fields of Said


def id_of(user: User) -> UserId:
    """Return a person's account."""
    return account(user)


def _appoint(name: str, role: str, country: str) -> User:
    """Make somebody one of the desk."""
    user = person(name)
    StaffMember.objects.create(user=user, orders=role, work_country=country, since=NOW)
    return user


def _device(name: str, country: str) -> Device:
    """Make an approver with a passkey."""
    return Device(_appoint(name, "approver", country), Passkey(credential_id=name.encode()))

"""A call in memory for tests of the binding: members are the same module, the gateway is its public side."""

import base64
import itertools
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conclave.keys.mls import MlsInstance
from tests import compiled

MODULE = compiled.module()
Ok = dict[str, object]


def b64(value: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def make_id(number: int) -> str:
    """Return an id that is the same every time."""
    return b64(number.to_bytes(16, "big"))


@dataclass
class Person:
    """A member, or somebody who wants to be one."""

    instance: MlsInstance
    participant: str
    cursor: int = 0

    def call(self, do: str, **fields: object) -> Ok:
        """Perform an operation."""
        return self.instance.call(do, **fields)


@dataclass
class World:
    """A meeting, its gateway and its log."""

    meeting: str = make_id(1)
    call: str = make_id(2)
    incarnation: str = make_id(3)
    signer: Ed25519PrivateKey = field(default_factory=lambda: Ed25519PrivateKey.from_private_bytes(bytes(32)))
    log: list[Ok] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(100))

    def __post_init__(self) -> None:
        self.link = MODULE.instance().call("new_link", meeting=self.meeting)
        self.public = MODULE.instance()

    @property
    def attestation_key(self) -> str:
        """The gateway's public key."""
        return b64(self.signer.public_key().public_bytes_raw())

    def person(self, *, host: bool = False) -> Person:
        """Return somebody with a link and a seat."""
        instance = MODULE.instance()
        key = {"host_key": self.link["host_key"]} if host else {}
        opened = instance.call("open", meeting=self.meeting, secret=self.link["secret"], host_hash=self.link["host_hash"], **key)
        participant = make_id(next(self.numbers))
        about = {
            "call": self.call,
            "key": opened["signature_key"],
            "meeting": self.meeting,
            "name": "Zoë",
            "participant": participant,
            "role": "guest",
            "v": 1,
        }
        text = json.dumps(about, ensure_ascii=False, separators=(",", ":"))
        signature = self.signer.sign(b"conclave/attestation/1\0" + text.encode())
        instance.call(
            "seated", attestation=text, attestation_signature=b64(signature), attestation_key=self.attestation_key, link_version=1
        )
        return Person(instance, participant)

    def start(self) -> Person:
        """Create the group and let the gateway open its public side."""
        creator = self.person(host=True)
        created = creator.call("create", incarnation=self.incarnation)
        self.public.public_open(
            meeting=self.meeting,
            call=self.call,
            incarnation=self.incarnation,
            attestation_key=self.attestation_key,
            group_info=str(created["group_info"]),
            tree=str(created["tree"]),
        )
        self.people.append(creator)
        return creator

    def announce(self, person: Person) -> Ok:
        """Append an addition to the log."""
        made = person.call("key_package", incarnation=self.incarnation)
        entry: Ok = {"kind": "add", "participant": person.participant, "key_package": made["key_package"], "mac": made["mac"]}
        self.append(entry)
        return entry

    def append(self, entry: Ok) -> None:
        """Append an announcement."""
        self.public.public_entries(start=len(self.log), entries=[entry])
        self.log.append(entry)

    def commit(self, by: Person) -> Ok:
        """Let a member commit everything announced."""
        self.read(by)
        return by.call("commit", covers=len(self.log) - 1)

    def read(self, person: Person) -> Ok:
        """Let a member read the log to its end."""
        answer = person.call("entries", **{"from": person.cursor, "entries": self.log[person.cursor :]})
        person.cursor = len(self.log)
        return answer

    def welcome(self, person: Person, commit: Ok, covers: int) -> None:
        """Give a joiner its part of the last entry's commit."""
        welcomes = commit["welcomes"]
        assert isinstance(welcomes, list)
        part = next(item["welcome"] for item in welcomes if item["participant"] == person.participant)
        tree = self.public.public_tree().tree
        index = len(self.log) - 1
        person.call("join", incarnation=self.incarnation, welcome=part, tree=tree, covers=covers, index=index)
        person.cursor = covers + 1
        self.people.append(person)

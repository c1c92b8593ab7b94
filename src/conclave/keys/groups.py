"""Public groups: one instance of the MLS module per live incarnation, rebuilt from the log when this process has none.

Each is used under its own lock. Taking a lock and then writing to the database is fine; the other way round never happens.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from conclave.keys import log
from conclave.keys.attestation import attestation_key
from conclave.keys.mls import HostLabel, KeyPackage, MlsError, MlsInstance, MlsModule, Staged, Tree
from conclave.keys.models import LARGE, Group, LogEntry

__all__ = ["KeyPackage", "MlsError", "PublicGroup", "Staged", "checker", "drop_ended", "hold", "keep"]

REPLAY = 200


class PublicGroup:
    """What a gateway can see of one incarnation: tree, policy, announcements; no secrets."""

    def __init__(self, *, row: Group) -> None:
        """Open epoch 0 of an incarnation.

        Raises:
            MlsError: members would not enter it either.
        """
        self.lock = threading.RLock()
        self.next = 0
        self._instance = MlsInstance(module=module())
        self.state: dict[str, Any] = self._instance.public_open(
            meeting=row.meeting,
            call=row.call,
            incarnation=row.incarnation,
            attestation_key=attestation_key(),
            group_info=row.group_info,
            tree=row.tree,
            returning=row.returning,
        )

    def read(self, *, entries: list[str]) -> None:
        """Take in the next entries of the log, as JSON texts."""
        _, self.state = self._instance.public_entries(start=self.next, entries=[json.loads(entry) for entry in entries])
        self.next += len(entries)

    def stage(self, *, covers: int, commit: str, participant: str) -> Staged:
        """Check a commit by every rule that is visible from outside (LOG-3) and hold it back.

        Raises:
            MlsError: it breaks one.
        """
        return self._instance.public_stage(covers=covers, commit=commit, participant=participant)

    def merge(self, *, index: int) -> None:
        """Apply the staged commit, which is the log's entry `index`."""
        self.state = self._instance.public_merge(index=index)
        self.next = index + 1

    def discard(self) -> None:
        """Forget the staged commit."""
        self._instance.public_discard()

    def tree(self) -> Tree:
        """Return the ratchet tree, b64, and its SHA-256 in hex."""
        return self._instance.public_tree()

    def is_host(self, *, label: HostLabel, participant: str | None = None, reference: str | None = None, key: str, signature: str) -> bool:
        """Tell whether a listed host signed this."""
        return self._instance.verify_host(label=label, participant=participant, reference=reference, key=key, signature=signature)

    def participants(self) -> list[str]:
        """Return who is in the tree."""
        return [str(member["participant"]) for member in self.state["roster"]]

    def hosts(self) -> set[str]:
        """Return the participants whose leaf keys the policy lists."""
        return {str(member["participant"]) for member in self.state["roster"] if member["host"]}

    @property
    def host_keys(self) -> list[str]:
        """The leaf keys that the policy lists."""
        return [str(entry["key"]) for entry in self.state["policy"]["hosts"]]

    @property
    def may(self) -> dict[str, list[str]]:
        """What each member may (POL-18)."""
        return {str(member["participant"]): [str(right) for right in member["may"]] for member in self.state["roster"]}

    @property
    def newcomer(self) -> list[str]:
        """What the next one in may."""
        return [str(right) for right in self.state["newcomer"]]

    @property
    def open_door(self) -> bool:
        """Whether whoever has the link may be added, without a host's word (POL-8)."""
        return not (self.locked or self.strict)

    @property
    def strict(self) -> bool:
        """Whether the policy lets nobody in whom no host admitted (POL-8)."""
        return bool(self.state["policy"]["strict"])

    @property
    def locked(self) -> bool:
        """Whether the policy lets nobody in but replacements (POL-8)."""
        return bool(self.state["policy"]["locked"])


_groups: dict[str, PublicGroup] = {}
_building = threading.Lock()
_checks = threading.Lock()


@contextlib.contextmanager
def hold(*, call: str, incarnation: str) -> Iterator[PublicGroup]:
    """Hold an incarnation's public group for this thread, caught up with the log.

    Args:
        call: the call.
        incarnation: the open incarnation.

    Raises:
        NotLive: it is not open.
    """
    row = Group.objects.filter(call=call, incarnation=incarnation, state=Group.State.OPEN).defer(*LARGE).first()
    if row is None:
        raise log.NotLive
    group = _groups.get(incarnation) or _build(row)
    with group.lock:
        try:
            catch_up(group=group, row=row)
            yield group
        except MlsError as error:
            if error.code == "stopped":
                drop(incarnation=incarnation)
            raise


def catch_up(*, group: PublicGroup, row: Group) -> None:
    """Let a held group read what the log has by now."""
    while True:
        entries = list(
            LogEntry.objects.filter(group=row, index__gte=group.next).order_by("index").values_list("body", flat=True)[:REPLAY],
        )
        if not entries:
            return
        group.read(entries=entries)


def keep(*, incarnation: str, group: PublicGroup) -> None:
    """Keep a group that was opened to check it."""
    with _building:
        _groups.setdefault(incarnation, group)


def drop(*, incarnation: str) -> None:
    """Forget an incarnation's group; it is rebuilt when it is needed again."""
    _groups.pop(incarnation, None)


def drop_ended() -> None:
    """Forget the groups whose incarnation has ended, here or at another gateway."""
    held = list(_groups)
    live = Group.objects.filter(incarnation__in=held).exclude(state=Group.State.ENDED).values_list("incarnation", flat=True)
    for incarnation in set(held) - set(live):
        drop(incarnation=incarnation)


@contextlib.contextmanager
def checker() -> Iterator[MlsInstance]:
    """Hold an instance for checks that need no group; one that has failed is not used again.

    Raises:
        MlsError: from the block.
    """
    with _checks:
        try:
            yield _checker()
        except MlsError as error:
            if error.code == "stopped":
                _checker.cache_clear()
            raise


@cache
def _checker() -> MlsInstance:
    """Return this process's instance for checks."""
    return MlsInstance(module=module())


@cache
def module() -> MlsModule:
    """Return the compiled module; what an earlier process compiled is in the state folder."""
    return MlsModule(cache_dir=Path(settings.CONCLAVE.state_dir) / "cache")


def _build(row: Group) -> PublicGroup:
    """Open epoch 0 again; the log is replayed by the caller."""
    with _building:
        if row.incarnation not in _groups:
            _groups[row.incarnation] = PublicGroup(row=row)
        return _groups[row.incarnation]

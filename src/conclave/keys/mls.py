"""The MLS module in wasmtime: compiled once, one instance per public group (mls/README.md lists operations and codes).

An instance is used by one thread at a time. A trap makes it unusable for good; its owner opens another and replays the log.
"""

import hashlib
import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal, TypeAlias

import wasmtime

__all__ = ["Header", "HostLabel", "KeyPackage", "MlsError", "MlsInstance", "MlsModule", "Staged", "Tree"]

WASM = Path(__file__).resolve().parents[3] / "mls" / "dist" / "conclave_mls.wasm"
WASI = "wasi_snapshot_preview1"
REALTIME = 0

Json: TypeAlias = object
Clock: TypeAlias = Callable[[], int]
HostLabel: TypeAlias = Literal["admit", "remove", "end"]


class MlsError(Exception):
    """An operation was refused; `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What a staged commit does."""

    epoch: int
    added: list[str]
    removed: list[str]
    policy: dict[str, object] | None
    may: dict[str, list[str]]
    newcomer: list[str]
    tree: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPackage:
    """A KeyPackage that may be announced."""

    reference: str
    signature_key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The outside of something said."""

    group_id: str
    epoch: int
    authenticated_data: str
    content_type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A ratchet tree, b64, and its SHA-256 in hex."""

    tree: str
    hash: str


def system_clock() -> int:
    """Return the gateway's time, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class MlsModule:
    """The compiled module; make one and take instances from it."""

    def __init__(self, *, wasm: Path = WASM, cache_dir: Path | None = None) -> None:
        """Compile the module, or load what an earlier process compiled.

        Args:
            wasm: the module.
            cache_dir: where the compiled module is kept, under the server's state; None to keep it nowhere.
        """
        self.engine = wasmtime.Engine()
        self.module = self._load(wasm.read_bytes(), cache_dir)

    @staticmethod
    @cache
    def shared() -> "MlsModule":
        """Return this process's module."""
        return MlsModule()

    def instance(self, *, clock: Clock = system_clock) -> "MlsInstance":
        """Return a fresh instance.

        Args:
            clock: gives milliseconds since 1970.
        """
        return MlsInstance(module=self, clock=clock)

    def _load(self, wasm: bytes, cache_dir: Path | None) -> wasmtime.Module:
        """Load the compiled module if this very file was compiled by this very wasmtime; else compile and keep it."""
        if cache_dir is None:
            return wasmtime.Module(self.engine, wasm)
        name = hashlib.sha256(wasm).hexdigest()[:32]
        kept = cache_dir / f"mls-{version('wasmtime')}-{name}.bin"
        if kept.is_file():
            try:
                # From memory: a file that changes under a mapping would end the process.
                return wasmtime.Module.deserialize(self.engine, kept.read_bytes())
            except wasmtime.WasmtimeError:
                kept.unlink(missing_ok=True)
        module = wasmtime.Module(self.engine, wasm)
        _write(kept, bytes(module.serialize()))
        return module


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for this user only: what is in it will be run."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).replace(path)


class MlsInstance:
    """One public group, or a place for checks that need none."""

    def __init__(self, *, module: MlsModule | None = None, clock: Clock = system_clock) -> None:
        """Make an instance.

        Args:
            module: the compiled module; this process's by default.
            clock: gives milliseconds since 1970.
        """
        module = module or MlsModule.shared()
        self._lock = threading.Lock()
        self._stopped = False
        self._store = wasmtime.Store(module.engine)
        exports = _linker(module.engine, clock).instantiate(self._store, module.module).exports(self._store)
        self._memory = _memory(exports["memory"])
        self._alloc = _function(exports["conclave_alloc"])
        self._free = _function(exports["conclave_free"])
        self._call = _function(exports["conclave_call"])

    def call(self, do: str, **fields: Json) -> dict[str, object]:
        """Perform an operation of mls/README.md.

        Args:
            do: its name.
            fields: what it takes; a field named `from` is given as `**{"from": …}`.

        Returns:
            What it gives.

        Raises:
            MlsError: it was refused and changed nothing; `stopped` when the instance is lost.
        """
        request = json.dumps({"do": do, **fields}, ensure_ascii=False, separators=(",", ":")).encode()
        with self._lock:
            answer = json.loads(self._exchange(request))
        if "error" in answer:
            raise MlsError(str(answer["error"]["code"]), str(answer["error"]["message"]))
        return _object(answer["ok"])

    def public_open(
        self, *, meeting: str, call: str, incarnation: str, attestation_key: str, group_info: str, tree: str, returning: Sequence[str] = ()
    ) -> dict[str, object]:
        """Open epoch 0 of an incarnation, into which the holders of some keys may come back (POL-8), and return its state."""
        answer = self.call(
            "public_open",
            meeting=meeting,
            call=call,
            incarnation=incarnation,
            attestation_key=attestation_key,
            group_info=group_info,
            tree=tree,
            returning=list(returning),
        )
        return _object(answer["state"])

    def public_entries(self, *, start: int, entries: Sequence[Mapping[str, object]]) -> tuple[list[dict[str, object]], dict[str, object]]:
        """Read entries of the log, the first of which is entry `start`; return events and state."""
        answer = self.call("public_entries", **{"from": start, "entries": list(entries)})
        return [_object(event) for event in _list(answer["events"])], _object(answer["state"])

    def public_key_package(
        self, *, incarnation: str, key_package: str, participant: str, attestation_key: str, meeting: str, call: str
    ) -> KeyPackage:
        """Check a KeyPackage before it is announced; needs no group."""
        answer = self.call(
            "public_key_package",
            incarnation=incarnation,
            key_package=key_package,
            participant=participant,
            attestation_key=attestation_key,
            meeting=meeting,
            call=call,
        )
        return KeyPackage(reference=str(answer["reference"]), signature_key=str(answer["signature_key"]), name=str(answer["name"]))

    def public_stage(self, *, covers: int, commit: str, participant: str) -> Staged:
        """Check a commit by every rule that is visible from outside (LOG-3) and hold it back."""
        answer = self.call("public_stage", covers=covers, commit=commit, participant=participant)
        policy = answer["policy"]
        return Staged(
            epoch=_integer(answer["epoch"]),
            added=[str(item) for item in _list(answer["added"])],
            removed=[str(item) for item in _list(answer["removed"])],
            policy=None if policy is None else _object(policy),
            may={str(grant["participant"]): _words(grant["may"]) for grant in map(_object, _list(answer["may"]))},
            newcomer=_words(answer["newcomer"]),
            tree=str(answer["tree"]),
        )

    def public_merge(self, *, index: int) -> dict[str, object]:
        """Accept the staged commit as the log's entry `index`; return the state."""
        return _object(self.call("public_merge", index=index)["state"])

    def public_discard(self) -> dict[str, object]:
        """Forget the staged commit; return the state."""
        return _object(self.call("public_discard")["state"])

    def public_tree(self) -> Tree:
        """Return the ratchet tree that joiners fetch."""
        answer = self.call("public_tree")
        return Tree(tree=str(answer["tree"]), hash=str(answer["hash"]))

    def message_header(self, *, message: str) -> Header:
        """Read the outside of something said; needs no group."""
        answer = self.call("message_header", message=message)
        return Header(
            group_id=str(answer["group_id"]),
            epoch=_integer(answer["epoch"]),
            authenticated_data=str(answer["authenticated_data"]),
            content_type=_integer(answer["content_type"]),
        )

    def verify_entry(self, *, meeting: str, host_hash: str, signature_key: str, key: str, signature: str) -> bool:
        """Tell whether the holder of a leaf key showed the link's host key (KNOCK-2); needs no group."""
        asked = {"meeting": meeting, "host_hash": host_hash, "signature_key": signature_key, "key": key, "signature": signature}
        return self.call("verify_entry", **asked)["host"] is True

    def verify_host(
        self, *, label: HostLabel, participant: str | None = None, reference: str | None = None, key: str, signature: str
    ) -> bool:
        """Tell whether a listed host signed this admission, this removal or this end."""
        about = {name: value for name, value in (("participant", participant), ("reference", reference)) if value is not None}
        return self.call("verify_host", label=label, key=key, signature=signature, **about)["host"] is True

    def _exchange(self, request: bytes) -> bytes:
        """Hand the request over and take the answer; after a trap the instance is lost."""
        if self._stopped:
            raise MlsError("stopped", "this instance has failed: make another")
        try:
            return self._perform(request)
        except wasmtime.WasmtimeError as error:
            self._stopped = True
            raise MlsError("stopped", "this instance has failed: make another") from error

    def _perform(self, request: bytes) -> bytes:
        at = _integer(self._alloc(self._store, len(request))) & 0xFFFFFFFF
        if at == 0:
            self._stopped = True
            raise MlsError("stopped", "the module has no memory left")
        self._memory.write(self._store, request, at)
        packed = _integer(self._call(self._store, at, len(request))) & 0xFFFFFFFFFFFFFFFF
        self._free(self._store, at, len(request))
        start, length = packed >> 32, packed & 0xFFFFFFFF
        answer = bytes(self._memory.read(self._store, start, start + length))
        self._free(self._store, start, length)
        return answer


def _linker(engine: wasmtime.Engine, clock: Clock) -> wasmtime.Linker:
    """Give the module random, clock, a sink for its output and an exit; its environment is empty."""
    linker = wasmtime.Linker(engine)
    i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()

    def random_get(caller: wasmtime.Caller, at: int, length: int) -> int:
        _caller_memory(caller).write(caller, secrets.token_bytes(length & 0xFFFFFFFF), at & 0xFFFFFFFF)
        return 0

    def clock_time_get(caller: wasmtime.Caller, which: int, _precision: int, at: int) -> int:
        now = clock() * 1_000_000 if which == REALTIME else time.monotonic_ns()
        _caller_memory(caller).write(caller, now.to_bytes(8, "little"), at & 0xFFFFFFFF)
        return 0

    def fd_write(caller: wasmtime.Caller, _file: int, pieces: int, count: int, at: int) -> int:
        memory = _caller_memory(caller)
        raw = memory.read(caller, pieces, pieces + 8 * count)
        written = sum(int.from_bytes(raw[8 * piece + 4 : 8 * piece + 8], "little") for piece in range(count))
        memory.write(caller, written.to_bytes(4, "little"), at & 0xFFFFFFFF)
        return 0

    def environ_sizes_get(caller: wasmtime.Caller, count: int, size: int) -> int:
        for at in (count, size):
            _caller_memory(caller).write(caller, bytes(4), at & 0xFFFFFFFF)
        return 0

    def environ_get(_caller: wasmtime.Caller, _list: int, _text: int) -> int:
        return 0

    def proc_exit(_caller: wasmtime.Caller, code: int) -> None:
        raise wasmtime.WasmtimeError(f"the module has stopped ({code})")

    functions: list[tuple[Callable[..., object], list[wasmtime.ValType], list[wasmtime.ValType]]] = [
        (random_get, [i32, i32], [i32]),
        (clock_time_get, [i32, i64, i32], [i32]),
        (fd_write, [i32, i32, i32, i32], [i32]),
        (environ_sizes_get, [i32, i32], [i32]),
        (environ_get, [i32, i32], [i32]),
        (proc_exit, [i32], []),
    ]
    for function, takes, gives in functions:
        linker.define_func(WASI, function.__name__, wasmtime.FuncType(takes, gives), function, access_caller=True)
    return linker


def _caller_memory(caller: wasmtime.Caller) -> wasmtime.Memory:
    return _memory(caller["memory"])


def _memory(found: object) -> wasmtime.Memory:
    if not isinstance(found, wasmtime.Memory):
        raise TypeError("the module exports no memory")
    return found


def _function(found: object) -> wasmtime.Func:
    if not isinstance(found, wasmtime.Func):
        raise TypeError("the module lacks a function")
    return found


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("the module gave something else than an object")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("the module gave something else than a list")
    return value


def _words(value: object) -> list[str]:
    return [str(item) for item in _list(value)]


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("the module gave something else than a number")
    return value

"""Every parser of the gateway, given anything: kept examples first, then texts bent from them.

Each answers with what it promises or refuses with the one error that it promises, whatever it is given. What a request is refused
changes nothing, which test_refusals.py asks of the whole stack. EXAMPLES_TIMES=50 makes these long.
"""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conclave import ports
from conclave.config import Config, ConfigError, load
from conclave.kernel import b64, canonical, limits
from conclave.kernel.errors import Malformed, Refused
from conclave.kernel.lp import lp
from conclave.kernel.origin import is_same_origin
from conclave.media import ticket, turn_gate
from conclave.media.credentials import EngineCredentials
from conclave.meetings import signal, socket
from conclave.meetings.names import clean_name
from tests.conftest import longer
from tests.fuzz.corpora import bent, bent_json, data_of, kept, texts, values
from tests.media.turn import message

EXAMPLES = 600
CREDENTIALS = EngineCredentials(key="key", secret="secret-of-the-engine-for-tests-only")
fuzzed = settings(max_examples=longer(EXAMPLES), suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


def each(name: str) -> Callable[..., Callable[[str], None]]:
    """Run a test with every kept example of a corpus, before anything random."""

    def wrap(test: Callable[[str], None]) -> Callable[[str], None]:
        for text in reversed(kept(name)):
            test = example(text)(test)
        return test

    return wrap


@fuzzed
@each("base64")
@given(bent("base64"))
def test_base64_has_one_text_for_one_value(text: str) -> None:
    try:
        data = b64.decode(text)
    except Malformed:
        return
    assert b64.encode(data) == text


@fuzzed
@each("json")
@given(bent("json"))
def test_canonical_json_is_read_strictly(text: str) -> None:
    """ENC-1."""
    for raw in (text, data_of(text)):
        try:
            value = canonical.parse(raw)
            again = canonical.encode(value)
        except Malformed:
            continue
        assert canonical.parse_canonical(again) == value


@fuzzed
@given(values)
def test_whatever_is_encoded_is_canonical_or_refused(value: object) -> None:
    """ENC-1."""
    try:
        text = canonical.encode(value)
    except Malformed:
        return
    assert canonical.encode(canonical.parse_canonical(text)) == text


@fuzzed
@given(st.lists(st.binary(max_size=20), max_size=5), st.lists(st.binary(max_size=20), max_size=5))
def test_what_is_joined_cannot_be_cut_elsewhere(one: list[bytes], other: list[bytes]) -> None:
    assert (lp(*one) == lp(*other)) == (one == other)


@fuzzed
@each("client_messages")
@given(bent_json("client_messages"))
def test_a_socket_message_is_one_of_the_protocols_or_malformed(text: str) -> None:
    """JOIN-6."""
    kind = socket.kind_of(text=text)
    assert len(kind) <= 32
    assert kind.isascii()
    try:
        message = socket.read(text=text)
    except Malformed:
        return
    assert message.t == kind
    assert socket.read(text=message.model_dump_json(by_alias=True)) == message


@pytest.mark.parametrize("text", ['{"t":' * 50_000, "[" * 1_000_000, '"' + "\\u0000" * 170_000 + '"', "1" * 1_000_000, "é" * 600_000])
def test_a_large_or_deep_message_is_malformed_and_costs_little(text: str) -> None:
    """JOIN-6."""
    assert socket.kind_of(text=text) == "?"
    with pytest.raises(Malformed):
        socket.read(text=text)


@fuzzed
@each("paths")
@given(bent("paths"))
def test_a_media_path_is_one_of_four_or_refused(path: str) -> None:
    """JOIN-9: the engine is asked for words of ours, never for the path that came in."""
    try:
        region, rtc = signal._parse_path(path)
    except signal.SignalRefused as refused:
        refusal = refused.status
    else:
        refusal = 0
        assert rtc in {"rtc", "rtc/v1"}
        assert region.isascii()
        assert not set(region) & set("./%\\")
    assert refusal in {0, 403}


@fuzzed
@each("queries")
@given(bent("queries"))
def test_a_media_query_has_known_parameters_once_or_is_refused(query: str) -> None:
    """JOIN-9, JOIN-10."""
    query = query.encode("ascii", "replace").decode()
    try:
        known = signal._parse_query(query)
    except signal.SignalRefused:
        return
    assert set(known) <= signal._PARAMETERS
    assert [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "access_token"] == [known["access_token"]]
    with pytest.raises(ticket.TokenRefused):
        ticket.read(token=known["access_token"], credentials=CREDENTIALS, now=1_763_762_400_000)


@fuzzed
@given(st.data())
def test_a_token_bent_anywhere_opens_nothing(data: st.DataObject) -> None:
    """JOIN-10."""
    now = 1_763_762_400_000
    good = ticket.mint(call="call", participant="participant", credentials=CREDENTIALS, now=now)
    at = data.draw(st.integers(0, len(good) - 1))
    token = good[:at] + data.draw(st.text(max_size=3)) + good[at + data.draw(st.integers(0, 3)) :]
    try:
        opens = ticket.read(token=token, credentials=CREDENTIALS, now=now)
    except ticket.TokenRefused:
        return
    # The last character of a signature carries bits that say nothing.
    assert token[:-1] == good[:-1]
    assert (opens.call, opens.participant) == ("call", "participant")


@fuzzed
@given(st.data())
def test_a_turn_message_bent_anywhere_reaches_the_one_peer_or_nobody(data: st.DataObject) -> None:
    """JOIN-13."""
    peer = turn_gate.peer_of(address="192.0.2.7", port=7882)
    transport, payload = (0x0019, turn_gate.UDP), (0x0013, b"picture")
    kind = data.draw(st.sampled_from((turn_gate.ALLOCATE, turn_gate.SEND, turn_gate.CHANNEL_BIND)))
    good = bytearray(message(kind, (0x0012, peer), transport, payload))
    for at, value in data.draw(st.dictionaries(st.integers(0, len(good) - 1), st.integers(0, 255), max_size=4)).items():
        good[at] = value
    sent = bytes(good) + data.draw(st.sampled_from((b"", bytes(4), b"x")))
    try:
        admitted = turn_gate.admits(sent, peer=peer)
    except turn_gate.Unreadable:
        return
    # Read by a reader of its own: each peer and each transport that a message which is handed on names is the allowed one.
    named, at = {0x0012: peer, 0x0019: turn_gate.UDP}, 20
    while admitted and sent[:2] != bytes((0, turn_gate.CREATE_PERMISSION)) and at < len(sent):
        name, size = int.from_bytes(sent[at : at + 2], "big"), int.from_bytes(sent[at + 2 : at + 4], "big")
        assert sent[at + 4 : at + 4 + size] == named.get(name, sent[at + 4 : at + 4 + size])
        at += 4 + size + -size % 4


@fuzzed
@each("origins")
@given(bent("origins"))
def test_an_origin_is_this_host_or_another(origin: str) -> None:
    """JOIN-3."""
    if is_same_origin(origin=origin, host="meet.example"):
        assert origin.lower().partition("://")[2].startswith("meet.example") or origin.startswith("//meet.example")


@fuzzed
@each("addresses")
@given(bent("addresses"))
def test_any_address_has_a_pseudonym(address: str) -> None:
    """JOIN-11."""
    # What an operating system or a header of ASGI can hold.
    address = address.encode("utf-8", "replace").decode()
    limiter = limits.Limiter()
    assert limiter.address_key(address) == limiter.address_key(address)


@fuzzed
@given(texts)
def test_a_name_is_shown_as_it_is_or_refused(raw: str) -> None:
    """JOIN-1."""
    try:
        name = clean_name(raw=raw)
    except Refused:
        return
    assert name == unicodedata.normalize("NFC", name)
    assert 1 <= len(name) <= 64


@fuzzed
@each("toml")
@given(bent("toml"))
def test_settings_are_usable_or_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "conclave.toml"
    path.write_bytes(data_of(text))
    _usable(lambda: load(path=path, env={}))


@fuzzed
@given(st.sampled_from(["HTTP_PORT", "PUBLIC_URL", "STATE_DIR", "NODE_ADDRESS", "REGION", "HTTP_HOST", "X"]), bent("origins") | texts)
def test_variables_are_usable_or_refused_with_a_sentence(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / "conclave.toml"
    path.write_text("", encoding="utf-8")
    _usable(lambda: load(path=path, env={f"CONCLAVE_{name}": value}))


@fuzzed
@each("proc_net")
@given(bent("proc_net"))
def test_who_holds_a_port_is_found_or_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    monkeypatch.setattr(ports, "PROC", tmp_path)
    (tmp_path / "net").mkdir(exist_ok=True)
    (tmp_path / "net" / "tcp").write_bytes(b"head\n" + table.encode("ascii", "replace"))
    assert ports.holder(8080, protocol="TCP") is None


@pytest.mark.parametrize("name", [path.stem for path in (Path(__file__).parent / "corpus").glob("*.json")])
def test_every_corpus_is_read_by_somebody_and_holds_something(name: str) -> None:
    readers = [Path(__file__), Path(__file__).with_name("test_refusals.py"), Path(__file__).parents[2] / "web" / "tests" / "fuzz.test.ts"]
    assert any(f'"{name}"' in reader.read_text(encoding="utf-8") for reader in readers)
    assert len(set(kept(name))) == len(kept(name)) >= 5


def _usable(act: Callable[[], Config]) -> None:
    """Load; a refusal is a sentence."""
    sentence = ""
    try:
        config = act()
    except ConfigError as refused:
        sentence = str(refused)
    if sentence:
        assert sentence.endswith(".")
        return
    assert 1 <= config.http_port <= 65535
    assert config.state_dir.is_absolute()

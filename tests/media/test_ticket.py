"""media/ticket.py: what a media token says, and what is read back (JOIN-10)."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest

from conclave.media import ticket
from conclave.media.credentials import EngineCredentials

NOW = 1_763_762_400_500
OURS = EngineCredentials(key="conclave-local-1", secret="s" * 48)
OTHER_REGION = EngineCredentials(key="conclave-fr-1", secret="t" * 48)
SOURCES = ["camera", "microphone", "screen_share", "screen_share_audio"]
GRANTS = {"roomJoin": True, "room": "call", "canPublish": True, "canPublishSources": SOURCES, "canSubscribe": True, "canPublishData": False}
GOOD = {"iss": OURS.key, "sub": "bob", "nbf": NOW // 1000, "exp": NOW // 1000 + 60, "video": GRANTS}


def test_a_fresh_ticket_is_read_back() -> None:
    token = ticket.mint(call="call", participant="bob", credentials=OURS, now=NOW)
    assert ticket.read(token=token, credentials=OURS, now=NOW) == ticket.Pass(call="call", participant="bob")


@pytest.mark.parametrize("sources", [["camera"], ["microphone", "camera"], []])
def test_pol_19_it_names_the_sources_that_may_be_published(sources: list[str]) -> None:
    token = ticket.mint(call="call", participant="bob", credentials=OURS, now=NOW, sources=sources)
    grants = jwt.decode(token, OURS.secret, algorithms=["HS256"], options={"verify_exp": False})["video"]
    assert (grants["canPublish"], grants.get("canPublishSources", [])) == (bool(sources), sorted(sources))
    assert ticket.read(token=token, credentials=OURS, now=NOW).participant == "bob"


def test_it_lives_sixty_seconds() -> None:
    token = ticket.mint(call="call", participant="bob", credentials=OURS, now=NOW)
    assert ticket.read(token=token, credentials=OURS, now=NOW + 59_000).call == "call"
    with pytest.raises(ticket.TokenRefused):
        ticket.read(token=token, credentials=OURS, now=NOW + 60_000)


def test_what_the_engine_refreshes_is_read_too() -> None:
    """As livekit-server 1.13.5 writes it."""
    second = NOW // 1000 + 1
    token = _signed(nbf=second, iat=second, exp=second + 600, identity="bob", kind="standard")
    assert ticket.read(token=token, credentials=OURS, now=NOW).participant == "bob"


@pytest.mark.parametrize(
    "claims",
    [
        {"video": GRANTS | {"canPublishData": True}},
        {"video": GRANTS | {"hidden": True}},
        {"video": GRANTS | {"recorder": True}},
        {"video": GRANTS | {"agent": True}},
        {"video": GRANTS | {"roomAdmin": True}},
        {"video": GRANTS | {"roomCreate": True}},
        {"video": GRANTS | {"roomList": True}},
        {"video": GRANTS | {"canUpdateOwnMetadata": True}},
        {"video": GRANTS | {"canPublishSources": []}},
        {"video": {key: value for key, value in GRANTS.items() if key != "canPublishSources"}},
        {"video": GRANTS | {"canPublishSources": ["camera", "unknown"]}},
        {"video": GRANTS | {"canPublishSources": ["camera", "camera"]}},
        {"video": GRANTS | {"canPublishSources": "camera"}},
        {"video": GRANTS | {"canPublish": 1}},
        {"video": GRANTS | {"destinationRoom": "other"}},
        {"video": GRANTS | {"room": ""}},
        {"video": GRANTS | {"room": 7}},
        {"video": {key: value for key, value in GRANTS.items() if key != "canPublishData"}},
        {"video": None},
        {"name": "Bob"},
        {"metadata": "m"},
        {"attributes": {"a": "b"}},
        {"kind": "agent"},
        {"identity": "alice"},
        {"something": 1},
        {"exp": NOW // 1000 + 24 * 3600},
        {"exp": "soon"},
        {"nbf": NOW // 1000 + 30},
        {"iss": OTHER_REGION.key},
    ],
)
def test_a_token_that_says_more_than_a_seat_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(ticket.TokenRefused):
        ticket.read(token=_signed(**claims), credentials=OURS, now=NOW)


@pytest.mark.parametrize("missing", ["exp", "nbf", "sub", "iss", "video"])
def test_a_token_that_says_less_is_refused(missing: str) -> None:
    token = jwt.encode({key: value for key, value in GOOD.items() if key != missing}, OURS.secret, algorithm="HS256")
    with pytest.raises(ticket.TokenRefused):
        ticket.read(token=token, credentials=OURS, now=NOW)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "." * 5000, "eyJhbGciOiJub25lIn0.e30."])
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(ticket.TokenRefused):
        ticket.read(token=token, credentials=OURS, now=NOW)


def test_charlie_cannot_sign_one_himself_nor_leave_it_unsigned() -> None:
    for forged in (
        jwt.encode(GOOD, "guess" * 10, algorithm="HS256"),
        jwt.encode(GOOD, OURS.secret.ljust(64, "x"), algorithm="HS512"),
        jwt.encode(GOOD, "", algorithm="none"),
    ):
        with pytest.raises(ticket.TokenRefused):
            ticket.read(token=forged, credentials=OURS, now=NOW)


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "", None, 7, ["HS256"]]
)
def test_the_header_does_not_choose_the_algorithm(algorithm: object) -> None:
    """Whatever a token says of itself, it is read with HS256 under our secret; rightly signed and wrongly called, it is refused too."""
    for signature in ("", _mac(algorithm, OURS.secret), _mac(algorithm, ""), _mac(algorithm, OURS.key)):
        with pytest.raises(ticket.TokenRefused):
            ticket.read(token=f"{_unsigned(algorithm)}.{signature}", credentials=OURS, now=NOW)


@pytest.mark.parametrize(
    "header",
    [{"kid": "../../dev/null"}, {"kid": OTHER_REGION.key}, {"jku": "https://charlie.example/keys"}, {"x5u": "https://charlie.example"}],
)
def test_the_header_does_not_choose_the_key(header: dict[str, str]) -> None:
    """No key is looked up by a name that the token brings: Charlie's stays Charlie's, and an empty file is no key."""
    for secret in (OTHER_REGION.secret, "charlie" * 8):
        with pytest.raises(ticket.TokenRefused):
            ticket.read(token=jwt.encode(GOOD, secret, algorithm="HS256", headers=header), credentials=OURS, now=NOW)


def test_an_extension_that_must_be_understood_is_not_passed_over() -> None:
    with pytest.raises(ticket.TokenRefused):
        ticket.read(
            token=jwt.encode(GOOD, OURS.secret, algorithm="HS256", headers={"crit": ["b64"], "b64": False}), credentials=OURS, now=NOW
        )


def test_a_token_of_one_region_opens_nothing_in_another() -> None:
    token = ticket.mint(call="call", participant="bob", credentials=OTHER_REGION, now=NOW)
    with pytest.raises(ticket.TokenRefused):
        ticket.read(token=token, credentials=OURS, now=NOW)


def test_the_refusal_quotes_nothing() -> None:
    with pytest.raises(ticket.TokenRefused) as refused:
        ticket.read(token="secret-token", credentials=OURS, now=NOW)
    assert "secret" not in str(refused.value)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _part(value: object) -> str:
    return _b64(json.dumps(value).encode())


def _unsigned(algorithm: object) -> str:
    return f"{_part({'alg': algorithm, 'typ': 'JWT'})}.{_part(GOOD)}"


def _mac(algorithm: object, secret: str) -> str:
    return _b64(hmac.digest(secret.encode(), _unsigned(algorithm).encode(), "sha256"))


def _signed(**claims: Any) -> str:
    return jwt.encode(GOOD | claims, OURS.secret, algorithm="HS256")

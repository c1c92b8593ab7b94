"""sso: what a provider's answer must prove before anything of it is believed (SSO-4, SSO-5), and where nothing is asked (SSO-6)."""

import base64
import hmac
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from conclave.accounts.oidc import (
    MOST_BYTES,
    Client,
    Endpoints,
    Fault,
    Faulty,
    Question,
    Said,
    address_to_ask,
    discover,
    is_usable,
    names_another,
    question,
    redeem,
    remembered,
)
from conclave.accounts.visit import Web, is_public
from tests.accounts.openid import CLIENT, KEY, OTHER_KEY, SECRET, Provider, provider, public, real_provider, signed, signs_in

BACK = "http://localhost:8000/account/sso/x/back"
INSIDE = Web(find=lambda host: [host], permits=lambda address: is_public(address) or address == "127.0.0.1", wait_seconds=5)
BOB = {"email": "bob@harbour.example", "email_verified": True, "name": "Bob"}
SMALL = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point
CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provider() as found:
        yield found


@pytest.fixture
def idp(running: Provider) -> Provider:
    """A provider that is right so far."""
    running.forget()
    running.claims = dict(BOB)
    return running


def client_of(idp: Provider) -> Client:
    return Client(issuer=idp.issuer, client_id=CLIENT, secret=SECRET, redirect_uri=BACK)


def asks(idp: Provider) -> tuple[Question, str]:
    """Ask the provider; return the question and the code that it answers with."""
    asked = question(endpoints=discover(issuer=idp.issuer, web=INSIDE))
    back = idp.answer(address_to_ask(client=client_of(idp), asked=asked, hint=""))
    return asked, dict(parse_qsl(urlsplit(back).query))["code"]


def just_now(said: Said) -> Said:
    """Return what a provider says, but for when the person showed who they are, which is now."""
    assert said.shown_at is not None
    assert abs(time.time() * 1000 - said.shown_at) < 60_000
    return replace(said, shown_at=None)


def outcome(idp: Provider, *, later_ms: int = 0) -> Said | Fault:
    """Return what comes of a sign-in at this provider."""
    try:
        asked, code = asks(idp)
        now = int(time.time() * 1000) + later_ms
        said = redeem(client=client_of(idp), asked=remembered(kept=json.loads(json.dumps(asked.kept()))), code=code, web=INSIDE, now=now)
        return just_now(said)
    except Faulty as error:
        return error.fault


def test_a_right_answer_says_who_came(idp: Provider) -> None:
    assert outcome(idp) == Said(subject="s-1", address="bob@harbour.example", name="Bob")
    assert SECRET not in repr(client_of(idp))


def test_a_real_provider_says_who_came() -> None:
    people = {"s-1": BOB}
    with real_provider(people=people, redirect_uris=[BACK]) as issuer:
        client = Client(issuer=issuer, client_id=CLIENT, secret=SECRET, redirect_uri=BACK)
        asked = question(endpoints=discover(issuer=issuer, web=INSIDE))
        back = dict(parse_qsl(urlsplit(signs_in(address_to_ask(client=client, asked=asked, hint="s-1"), "s-1")).query))
        assert back["state"] == asked.state
        assert not names_another(client=client, asked=asked, issuer=back["iss"])
        now = int(time.time() * 1000)
        wrong = Client(issuer=issuer, client_id=CLIENT, secret="another", redirect_uri=BACK)
        with pytest.raises(Faulty, match="client"):
            redeem(client=wrong, asked=asked, code=back["code"], web=INSIDE, now=now)
        said = redeem(client=client, asked=asked, code=back["code"], web=INSIDE, now=now)
        assert just_now(said) == Said(subject="s-1", address="bob@harbour.example", name="Bob")
        with pytest.raises(Faulty, match="client"):
            redeem(client=client, asked=asked, code=back["code"], web=INSIDE, now=now)


def test_the_question_ties_the_answer_to_this_browser_this_sign_in_and_this_server(idp: Provider) -> None:
    asked, again = (question(endpoints=discover(issuer=idp.issuer, web=INSIDE)) for _ in range(2))
    query = parse_qs(urlsplit(address_to_ask(client=client_of(idp), asked=asked, hint="bob@harbour.example")).query)
    assert query["state"] == [asked.state]
    assert query["nonce"] == [asked.nonce]
    assert query["code_challenge"] == [base64.urlsafe_b64encode(sha256(asked.verifier.encode()).digest()).decode().rstrip("=")]
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]
    assert query["kept"] == ["1"], "what stood in the provider's own address stays"
    assert query["login_hint"] == ["bob@harbour.example"]
    assert len({asked.state, asked.nonce, asked.verifier, again.state, again.nonce, again.verifier}) == 6
    assert min(len(one) for one in (asked.state, asked.nonce, asked.verifier)) >= 43


def hashed(claims: dict[str, Any]) -> str:
    """Signed with the provider's public key as if it were a secret: who takes the algorithm from the token believes it."""
    secret = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "typ": "JWT", "kid": "one"}, claims)
    )
    mac = base64.urlsafe_b64encode(hmac.new(secret, head + b"." + body, "sha256").digest()).rstrip(b"=")
    return b".".join([head, body, mac]).decode()


def tampered(claims: dict[str, Any]) -> str:
    """Another body under a signature that was right."""
    head, _body, signature = signed(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "somebody else"}).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    ("sign", "fault"),
    [
        (lambda claims: signed(claims, key=None, algorithm="none"), Fault.SIGNATURE),
        (lambda claims: signed(claims).rpartition(".")[0] + ".", Fault.SIGNATURE),
        (hashed, Fault.SIGNATURE),
        (tampered, Fault.SIGNATURE),
        (lambda claims: signed(claims, key=OTHER_KEY), Fault.SIGNATURE),
        (lambda claims: signed(claims, kid="two"), Fault.SIGNATURE),
        (lambda claims: signed(claims, algorithm="RS512"), Said(subject="s-1", address="bob@harbour.example", name="Bob")),
        (lambda claims: signed(claims, crit=["x"]), Fault.SIGNATURE),
        (lambda _claims: "no token", Fault.SIGNATURE),
        (lambda _claims: ["a"], Fault.TOKEN),
    ],
)
def test_sso_5_a_token_is_believed_only_by_a_signature_of_the_providers_key(idp: Provider, sign: Any, fault: object) -> None:
    idp.sign = sign
    assert outcome(idp) == fault


@pytest.mark.parametrize(
    ("keys", "good"),
    [
        ([public(KEY, alg="RS256")], True),
        ([public(KEY, alg="RS512")], False),
        ([public(KEY, use="enc")], False),
        ([public(OTHER_KEY, kid="two"), public(KEY)], True),
        ([public(OTHER_KEY), public(KEY)], False),
        ([], False),
        (["no key"], False),
        ([public(KEY)] * 101, False),
        ([{**public(KEY), "n": "AQAB"}], False),
        ([{"kty": "oct", "k": "AQAB", "kid": "one"}], False),
    ],
)
def test_sso_5_the_key_is_the_one_that_the_token_names_and_for_signatures(idp: Provider, keys: list[Any], good: bool) -> None:  # noqa: FBT001
    idp.keys = keys
    assert isinstance(outcome(idp), Said) == good


def weakly(claims: dict[str, Any]) -> str:
    """Signed with a key that is too short; the library of the tests would not."""
    said, _dot, _signature = signed(claims).rpartition(".")
    proof = SMALL.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{said}.{base64.urlsafe_b64encode(proof).rstrip(b'=').decode()}"


def test_a_key_that_can_be_computed_signs_nothing(idp: Provider) -> None:
    idp.keys, idp.sign = [public(SMALL)], weakly
    assert outcome(idp) is Fault.SIGNATURE


@pytest.mark.parametrize(
    ("key", "algorithm", "shown"),
    [
        (CURVE, "ES256", ECAlgorithm.to_jwk(CURVE.public_key(), as_dict=True)),
        (EDWARDS, "EdDSA", OKPAlgorithm.to_jwk(EDWARDS.public_key(), as_dict=True)),
        (KEY, "PS256", public(KEY)),
    ],
)
def test_other_kinds_of_keys_sign_too(idp: Provider, key: Any, algorithm: str, shown: dict[str, Any]) -> None:
    idp.keys = [{**shown, "kid": "one"}]
    idp.sign = lambda claims: signed(claims, key=key, algorithm=algorithm)
    assert isinstance(outcome(idp), Said)


def test_a_token_without_a_key_id_is_of_the_only_key(idp: Provider) -> None:
    idp.sign = lambda claims: jwt.encode(claims, KEY, algorithm="RS256")
    assert isinstance(outcome(idp), Said)
    idp.keys.append(public(OTHER_KEY, kid="two"))
    assert outcome(idp) is Fault.SIGNATURE


NOW_S = 10_000_000_000


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        ({"aud": "another"}, Fault.AUDIENCE),
        ({"aud": [CLIENT, "another"]}, Fault.AUDIENCE),
        ({"aud": [CLIENT, "another"], "azp": "another"}, Fault.AUDIENCE),
        ({"aud": CLIENT, "azp": "another"}, Fault.AUDIENCE),
        ({"aud": None}, Fault.SIGNATURE),
        ({"iss": "https://login.example.org"}, Fault.ISSUER),
        ({"nonce": "another"}, Fault.NONCE),
        ({"nonce": 7}, Fault.NONCE),
        ({"nonce": None}, Fault.SIGNATURE),
        ({"exp": 1}, Fault.EXPIRED),
        ({"exp": "never"}, Fault.EXPIRED),
        ({"exp": None}, Fault.SIGNATURE),
        ({"iat": NOW_S}, Fault.EXPIRED),
        ({"nbf": NOW_S}, Fault.EXPIRED),
        ({"sub": ""}, Fault.SUBJECT),
        ({"sub": "x" * 256}, Fault.SUBJECT),
        ({"sub": "a\x00b"}, Fault.SUBJECT),
        ({"sub": 7}, Fault.SIGNATURE),
        ({"email": ""}, Fault.ADDRESS_MISSING),
        ({"email": ["bob@harbour.example"]}, Fault.ADDRESS_MISSING),
        ({"email_verified": False}, Fault.ADDRESS_UNVERIFIED),
        ({"email_verified": "false"}, Fault.ADDRESS_UNVERIFIED),
    ],
)
def test_sso_5_a_signed_token_must_be_for_this_server_this_question_and_now(idp: Provider, claims: dict[str, Any], fault: Fault) -> None:
    idp.claims |= claims
    assert outcome(idp) is fault


def test_a_token_for_several_that_names_us_as_asking_is_ours(idp: Provider) -> None:
    idp.claims |= {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert isinstance(outcome(idp), Said)


def test_a_token_is_good_for_its_time_and_a_minute_of_wrong_clocks(idp: Provider) -> None:
    assert isinstance(outcome(idp, later_ms=90_000), Said)
    assert outcome(idp, later_ms=130_000) is Fault.EXPIRED
    assert isinstance(outcome(idp, later_ms=-30_000), Said)
    assert outcome(idp, later_ms=-90_000) is Fault.EXPIRED


def test_an_address_that_is_not_in_the_token_is_asked_for_and_must_be_of_the_same_person(idp: Provider) -> None:
    idp.claims = {"name": "Bob"}
    idp.userinfo = {**BOB, "name": "Another name"}
    assert outcome(idp) == Said(subject="s-1", address="bob@harbour.example", name="Bob")
    idp.userinfo |= {"email_verified": False}
    assert outcome(idp) is Fault.ADDRESS_UNVERIFIED
    idp.userinfo |= {"sub": "s-2"}
    assert outcome(idp) is Fault.SUBJECT


def test_sso_5_a_code_is_worth_nothing_without_the_verifier_that_stayed_here(idp: Provider) -> None:
    asked, code = asks(idp)
    other = question(endpoints=asked.endpoints)
    with pytest.raises(Faulty, match="client"):
        redeem(client=client_of(idp), asked=other, code=code, web=INSIDE, now=int(time.time() * 1000))


@pytest.mark.parametrize("methods", [["client_secret_post"], ["client_secret_basic", "private_key_jwt"], None])
def test_the_client_shows_its_secret_as_the_provider_wants_it(idp: Provider, methods: list[str] | None) -> None:
    idp.discovery = {"token_endpoint_auth_methods_supported": methods}
    assert isinstance(outcome(idp), Said)


def test_sso_4_an_answer_that_names_another_provider_is_no_answer(idp: Provider) -> None:
    client, asked = client_of(idp), asks(idp)[0]
    assert not names_another(client=client, asked=asked, issuer=idp.issuer)
    assert names_another(client=client, asked=asked, issuer="https://login.example.org")
    assert names_another(client=client, asked=asked, issuer=None), "this provider always names itself"
    idp.discovery = {"authorization_response_iss_parameter_supported": None}
    assert not names_another(client=client, asked=asks(idp)[0], issuer=None)
    assert names_another(client=client, asked=asks(idp)[0], issuer="")


@pytest.mark.parametrize(
    ("discovery", "fault"),
    [
        ({"issuer": "https://login.example.org"}, Fault.ISSUER),
        ({"issuer": None}, Fault.ISSUER),
        ({"token_endpoint": None}, Fault.DISCOVERY),
        ({"jwks_uri": 7}, Fault.DISCOVERY),
        ({"authorization_endpoint": "javascript:alert(1)"}, Fault.DISCOVERY),
        ({"authorization_endpoint": "http://login.example.org/"}, Fault.DISCOVERY),
        ({"token_endpoint": "https://user:password@login.example.org/"}, Fault.DISCOVERY),
        ({"userinfo_endpoint": "ftp://login.example.org/"}, Fault.DISCOVERY),
        ({"jwks_uri": "https://login.example.org:22/"}, Fault.DISCOVERY),
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_asked(idp: Provider, discovery: dict[str, Any], fault: Fault) -> None:
    idp.discovery = discovery
    assert outcome(idp) is fault


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "https://", "http://login.example.org", "https://a@login.example.org", "https://login.example.org#x", "ftp://127.0.0.1"),
        *("https://login.example.org:22", "https://login.example.org:99999", "https://exa mple.org", "https://exämple.org"),
        *("https://login.example.org\\@127.0.0.1", "//login.example.org", "http://localhost", "http://[::1]", "http://127.0.0.2"),
    ],
)
def test_addresses_that_no_provider_may_have(url: str) -> None:
    assert not is_usable(url=url, web=INSIDE)


def test_sso_6_plain_http_and_this_machine_are_only_where_the_operator_says_so() -> None:
    outside = Web(find=lambda host: [host])
    assert is_usable(url="https://login.example.org:8443/realms/x", web=outside)
    assert is_usable(url="http://127.0.0.1:9000", web=INSIDE)
    assert not is_usable(url="http://127.0.0.1:9000", web=outside)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:10.0.0.1"])
def test_sso_6_no_name_leads_inside(idp: Provider, address: str) -> None:
    """Neither the issuer's nor any that the provider gives; the guard is the one of the claims' web look."""
    hosts = {"127.0.0.1": ["127.0.0.1"], "inside.example": [address], "mixed.example": ["203.0.114.1", address]}
    web = Web(find=lambda host: hosts[host], permits=INSIDE.permits, wait_seconds=5)
    idp.claims.pop("email")
    for evil in ("https://inside.example/x", "https://mixed.example/x"):
        with pytest.raises(Faulty, match=r"^address$"):
            discover(issuer=evil, web=web)
        for part, asked_before in (("token", 0), ("keys", 1), ("userinfo", 2)):
            asked, code = asks(idp)
            endpoints = Endpoints(**{**asked.kept()["endpoints"], part: evil})
            led = Question(state=asked.state, nonce=asked.nonce, verifier=asked.verifier, endpoints=endpoints)
            before = len(idp.asked)
            with pytest.raises(Faulty, match=r"^address$"):
                redeem(client=client_of(idp), asked=led, code=code, web=web, now=int(time.time() * 1000))
            assert len(idp.asked) - before == asked_before


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("/.well-known/openid-configuration", (302, b"", {"Location": "/.well-known/openid-configuration?"})),
        ("/.well-known/openid-configuration", (200, b"[" * 100_000, {})),
        ("/token", (307, b"", {"Location": "/token?"})),
        ("/token", (200, b"{" + b" " * MOST_BYTES + b"}", {})),
        ("/keys", (302, b"", {"Location": "/keys?"})),
        ("/keys", (200, b"[]", {})),
        ("/keys", (500, b"{}", {})),
        ("/me", (302, b"", {"Location": "/me?"})),
        ("/me", (200, b"\xff", {})),
        ("/me", (200, b"{}", {"Content-Length": "5"})),
    ],
)
def test_sso_6_no_redirect_is_followed_and_nothing_long_or_broken_is_read(idp: Provider, path: str, raw: Any) -> None:
    idp.claims.pop("email")
    idp.userinfo = dict(BOB)
    idp.raw = {path: raw}
    assert isinstance(outcome(idp), Fault)
    assert [one for one in idp.asked if one.startswith(path)] == [path]


def test_a_provider_that_says_nothing_is_left_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        web = Web(find=INSIDE.find, permits=INSIDE.permits, wait_seconds=0.3)
        with pytest.raises(Faulty, match="unreachable"):
            discover(issuer=f"http://127.0.0.1:{silent.getsockname()[1]}", web=web)

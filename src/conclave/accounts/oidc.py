"""OpenID Connect as a client of one provider: where to send the browser, and what its answer proves (SSO-4 to SSO-6). Knows no table.

Authorization code with PKCE, for a client that holds a secret. Nothing is believed for having come by TLS: the identity token is verified
by a key of the provider's, every time, and by algorithms with a public key only.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import jwt
from jwt.types import Options

from conclave.accounts.visit import AddressInside, Answer, Unvisited, Web, ask
from conclave.kernel import clock

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
MOST_BYTES = 128 * 1024
MOST_KEYS = 100
LONGEST_ISSUER = 255
LONGEST_SUBJECT = 255
# How far the provider's clock may be off.
LEEWAY_S = 60
# OpenID Connect Core 3.1.2.1: whoever asks for a greatest age is told when the person signed in. This one forces nobody to do so anew.
LONGEST_SESSION_S = 365 * 24 * 60 * 60
HTTPS_PORTS = (443, 8443)
DISCOVERY = "/.well-known/openid-configuration"


class Fault(StrEnum):
    """What is wrong with a provider or its answer; told to whoever sets it up, and noted for whoever runs the server."""

    UNREACHABLE = "unreachable"
    ADDRESS = "address"
    DISCOVERY = "discovery"
    ISSUER = "issuer"
    CLIENT = "client"
    TOKEN = "token"  # noqa: S105 - what is at fault, no password
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NONCE = "nonce"
    SUBJECT = "subject"
    DENIED = "denied"
    ADDRESS_MISSING = "address_missing"
    ADDRESS_UNVERIFIED = "address_unverified"


class Faulty(Exception):
    """The provider, or its answer, cannot be used."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """This server as the provider knows it; the secret is in no representation."""

    issuer: str
    client_id: str
    secret: str
    redirect_uri: str

    def __repr__(self) -> str:
        return f"Client(issuer={self.issuer!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What the provider says of itself."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    # Whether its answers always name it (RFC 9207), and whether the client shows its secret in a header.
    names_itself: bool
    basic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is kept in the session while the browser is at the provider."""

    state: str
    nonce: str
    verifier: str
    endpoints: Endpoints

    def kept(self) -> dict[str, Any]:
        """Return it as a session keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a verified answer says of a person; name and address as they stand there."""

    subject: str
    address: str
    name: str
    # When they last showed the provider who they are; None where it does not say.
    shown_at: int | None = None


def remembered(*, kept: Mapping[str, Any]) -> Question:
    """Return a question as it was kept.

    Args:
        kept: what kept() returned.
    """
    return Question(**{**kept, "endpoints": Endpoints(**kept["endpoints"])})


def is_usable(*, url: str, web: Web) -> bool:
    """Tell whether an address is one that a provider may have: https on a usual port, or http to this machine where permitted.

    Args:
        url: an address out of a form or a provider's answer.
        web: which addresses are permitted.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return False
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        return False
    own = host in {"127.0.0.1", "::1"} and web.permits(host)
    return parts.scheme in {"http", "https"} if own else parts.scheme == "https" and port in {None, *HTTPS_PORTS}


def discover(*, issuer: str, web: Web) -> Endpoints:
    """Return what a provider says of itself, under the address that names it.

    Args:
        issuer: that address.
        web: how hosts are found and reached.

    Raises:
        Faulty: it does not answer, names itself otherwise, or cannot be used.
    """
    if len(issuer) > LONGEST_ISSUER or not is_usable(url=issuer, web=web) or urlsplit(issuer).query:
        raise Faulty(Fault.ADDRESS)
    said = _json(_ask(url=issuer.removesuffix("/") + DISCOVERY, web=web), Fault.DISCOVERY)
    if said.get("issuer") != issuer:
        raise Faulty(Fault.ISSUER)
    needed = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    userinfo = said.get("userinfo_endpoint") or ""
    if not all(isinstance(url, str) and is_usable(url=url, web=web) for url in [*needed, *([userinfo] if userinfo else [])]):
        raise Faulty(Fault.DISCOVERY)
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Endpoints(
        authorization=str(needed[0]),
        token=str(needed[1]),
        keys=str(needed[2]),
        userinfo=str(userinfo),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        basic="client_secret_basic" in methods,
    )


def question(*, endpoints: Endpoints) -> Question:
    """Return a new question: what ties the answer to this browser (state), this sign-in (nonce) and this server (verifier).

    Args:
        endpoints: of the provider that is asked.
    """
    return Question(
        state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48), endpoints=endpoints
    )


def address_to_ask(*, client: Client, asked: Question, hint: str, again: bool = False) -> str:
    """Return where the browser goes with the question. How old a sign-in may be is always said, so that the answer says when it was.

    Args:
        client: this server at that provider.
        asked: the question.
        hint: the e-mail address of whoever asks, which the provider may fill in; may be empty.
        again: whether they are to show there anew who they are, whatever session they have (SSO-15).
    """
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=").decode()
    wanted = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": "openid email profile",
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "max_age": "0" if again else str(LONGEST_SESSION_S),
        **({"prompt": "login"} if again else {}),
        **({"login_hint": hint} if hint else {}),
    }
    parts = urlsplit(asked.endpoints.authorization)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in wanted]
    return urlunsplit(parts._replace(query=urlencode([*query, *wanted.items()])))


def names_another(*, client: Client, asked: Question, issuer: str | None) -> bool:
    """Tell whether an answer names another provider than the one that was asked (mix-up), or none where this one always does (RFC 9207).

    Args:
        client: this server at the provider that was asked.
        asked: the question.
        issuer: whom the answer names, if anybody.
    """
    return issuer != client.issuer if issuer is not None else asked.endpoints.names_itself


def redeem(*, client: Client, asked: Question, code: str, web: Web, now: int) -> Said:
    """Return what the provider says of whoever brought this code.

    Args:
        client: this server at that provider.
        asked: the question that the code answers.
        code: out of the answer.
        web: how hosts are found and reached.
        now: the time.

    Raises:
        Faulty: it says nothing that can be believed.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri, "code_verifier": asked.verifier}
    headers = {"Accept": "application/json"}
    if asked.endpoints.basic:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": client.client_id, "client_secret": client.secret}
    answer = _ask(url=asked.endpoints.token, web=web, form=form, headers=headers)
    if answer.status in {400, 401, 403}:
        raise Faulty(Fault.CLIENT)
    tokens = _json(answer, Fault.TOKEN)
    token, access = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(token, str):
        raise Faulty(Fault.TOKEN)
    claims = _verified(token=token, client=client, asked=asked, web=web, now=now)
    if "email" not in claims and isinstance(access, str) and asked.endpoints.userinfo:
        claims = _with_userinfo(claims, access=access, url=asked.endpoints.userinfo, web=web)
    return _said(claims)


def _verified(*, token: str, client: Client, asked: Question, web: Web, now: int) -> dict[str, Any]:
    """Return the claims of an identity token that this provider signed, for this server, in answer to this question, just now."""
    keys = _json(_ask(url=asked.endpoints.keys, web=web), Fault.SIGNATURE).get("keys")
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS or "crit" in header:
            raise Faulty(Fault.SIGNATURE)
        # Times are judged below, by the clock that is passed in.
        options: Options = {
            "verify_exp": False, "verify_iat": False, "verify_nbf": False, "enforce_minimum_key_length": True,
            "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
        }  # fmt: skip
        claims = jwt.decode(
            token,
            key=_key(keys, header),
            algorithms=[header["alg"]],
            audience=client.client_id,
            issuer=client.issuer,
            options=options,
        )
    except jwt.InvalidAudienceError:
        raise Faulty(Fault.AUDIENCE) from None
    except jwt.InvalidIssuerError:
        raise Faulty(Fault.ISSUER) from None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Faulty(Fault.SIGNATURE) from None
    _judge(claims, client=client, nonce=asked.nonce, now=now)
    return dict(claims)


def _judge(claims: Mapping[str, Any], *, client: Client, nonce: str, now: int) -> None:
    """Go on only if a signed token is for this server, this question and this moment."""
    others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if others else client.client_id) != client.client_id:
        raise Faulty(Fault.AUDIENCE)
    if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise Faulty(Fault.NONCE)
    at = now // clock.SECOND
    times = [claims["exp"], claims["iat"], claims.get("nbf", claims["iat"])]
    if not all(isinstance(time, int | float) and not isinstance(time, bool) for time in times):
        raise Faulty(Fault.EXPIRED)
    if times[0] + LEEWAY_S <= at or max(times[1:]) - LEEWAY_S > at:
        raise Faulty(Fault.EXPIRED)


def _key(keys: object, header: Mapping[str, Any]) -> jwt.PyJWK:
    """Return the provider's key that a token says it is signed with; without a name, the only one that fits."""
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise Faulty(Fault.SIGNATURE)
    kind = {"R": "RSA", "P": "RSA", "E": "EC"}[header["alg"][0]] if header["alg"] != "EdDSA" else "OKP"
    fit = [
        key
        for key in keys
        if isinstance(key, dict)
        and key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", header["alg"]) == header["alg"]
        and ("kid" not in header or key.get("kid") == header["kid"])
    ]
    if len(fit) != 1:
        raise Faulty(Fault.SIGNATURE)
    return jwt.PyJWK(fit[0], algorithm=header["alg"])


def _with_userinfo(claims: dict[str, Any], *, access: str, url: str, web: Web) -> dict[str, Any]:
    """Add what the provider says elsewhere about the same subject: many leave the address out of the token."""
    more = _json(_ask(url=url, web=web, headers={"Authorization": f"Bearer {access}", "Accept": "application/json"}), Fault.TOKEN)
    if more.get("sub") != claims["sub"]:
        raise Faulty(Fault.SUBJECT)
    return {**{name: more[name] for name in ("email", "email_verified", "name") if name in more}, **claims}


def _said(claims: Mapping[str, Any]) -> Said:
    """Return what verified claims say of a person."""
    subject, address, name = claims["sub"], claims.get("email"), claims.get("name")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise Faulty(Fault.SUBJECT)
    if not isinstance(address, str) or not address:
        raise Faulty(Fault.ADDRESS_MISSING)
    if claims.get("email_verified", True) not in (True, "true"):
        raise Faulty(Fault.ADDRESS_UNVERIFIED)
    at = claims.get("auth_time")
    shown_at = at * clock.SECOND if isinstance(at, int) and not isinstance(at, bool) else None
    return Said(subject=subject, address=address, name=name if isinstance(name, str) else "", shown_at=shown_at)


def _ask(*, url: str, web: Web, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Ask the provider, or say that it does not answer."""
    try:
        return ask(url=url, web=web, most_bytes=MOST_BYTES, form=form, headers=headers)
    except AddressInside:
        raise Faulty(Fault.ADDRESS) from None
    except Unvisited:
        raise Faulty(Fault.UNREACHABLE) from None


def _json(answer: Answer, fault: Fault) -> dict[str, Any]:
    """Return the object that an answer holds."""
    if answer.status != 200:
        raise Faulty(fault)
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Faulty(fault) from None
    if not isinstance(said, dict):
        raise Faulty(fault)
    return said

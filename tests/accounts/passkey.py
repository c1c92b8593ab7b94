"""A passkey in software, for tests without a browser; the journey has Chromium's own."""

import json
from dataclasses import dataclass, field
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from conclave.accounts.assertion import Question, Shown
from conclave.accounts.models import User

ORIGIN = "http://localhost:8000"


@dataclass
class Passkey:
    """One key on one device; `verifies` tells whether it asks its person for a PIN, `origin` which page asks it."""

    credential_id: bytes
    verifies: bool = True
    origin: str = ORIGIN
    rp_id: str = "localhost"
    user: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def _flags(self) -> AuthenticatorData.FLAG:
        """Say that somebody was there, and perhaps who."""
        flag = AuthenticatorData.FLAG
        return flag.UP | flag.UV if self.verifies else flag.UP

    def _client_data(self, kind: str, challenge: str) -> bytes:
        """Return what the browser says about the page that asked."""
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def made_for(self, options: dict[str, Any]) -> str:
        """Return what a browser sends when this passkey is added."""
        asked = options["publicKey"]
        self.user = asked["user"]["id"]
        public = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call] # fido2 leaves it out
        credential = AttestedCredentialData.create(b"\0" * 16, self.credential_id, public)
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self._flags | AuthenticatorData.FLAG.AT, 0, credential)
        return self._sent(
            clientDataJSON=self._client_data("webauthn.create", asked["challenge"]),
            attestationObject=bytes(AttestationObject.create("none", data, {})),
        )

    def shown_for(self, options: dict[str, Any]) -> str:
        """Return what a browser sends when this passkey is used."""
        client_data = self._client_data("webauthn.get", options["publicKey"]["challenge"])
        data = bytes(AuthenticatorData.create(sha256(self.rp_id.encode()), self._flags, 0))
        signature = self.key.sign(data + sha256(client_data), ec.ECDSA(SHA256()))
        return self._sent(clientDataJSON=client_data, authenticatorData=data, signature=signature, userHandle=websafe_decode(self.user))

    def _sent(self, **response: bytes) -> str:
        """Return the JSON that the page's script makes of it."""
        own_id = websafe_encode(self.credential_id)
        return json.dumps(
            {
                "id": own_id,
                "rawId": own_id,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: websafe_encode(value) for name, value in response.items()},
            }
        )

    def add(self, browser: Client, name: str = "Laptop") -> Any:
        """Add it to the account that is signed in; return the answer."""
        page = browser.get("/account/passkeys/add/")
        options = json.loads(json.dumps(page.context["js_data"]["creation_options"], default=dict))
        return browser.post("/account/passkeys/add/", {"name": name, "credential": self.made_for(options)})

    def sign_in(self, browser: Client) -> Any:
        """Sign in with it alone; return the answer."""
        options = browser.get("/account/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]
        return browser.post("/account/login/passkey/", {"credential": self.shown_for(options)})


@dataclass
class Device:
    """Somebody's device with a passkey that their account knows."""

    user: User
    key: Passkey = field(default_factory=lambda: Passkey(credential_id=b"staff"))

    def __post_init__(self) -> None:
        """Register it, as the account page does."""
        options = {"publicKey": {"user": {"id": websafe_encode(self.user.pk.encode())}, "challenge": "AAAA"}}
        made = json.loads(self.key.made_for(options))
        Authenticator.objects.create(user=self.user, type="webauthn", data={"name": "Laptop", "credential": made})

    def answers(self, question: Question) -> Shown:
        """Show the passkey for what is asked."""
        return Shown(ask=question.ask, credential=json.loads(self.key.shown_for(question.options)))

    def confirms(self, window: Client, path: str, said: dict[str, str]) -> Any:
        """Send a form, and then the passkey that its answer asks for; return where that leads."""
        asked = window.post(path, said)
        assert asked.status_code == 200, asked.content
        form = asked.context["form"]
        chosen = {name: one.initial for name, one in form.fields.items() if name not in {"ask", "credential"}}
        credential = self.key.shown_for(asked.context["js_data"]["request_options"])
        return window.post(path, {**chosen, "ask": form["ask"].value(), "credential": credential}, follow=True)

"""D4: one mailbox has one spelling, whatever was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.addresses import normal_address, normal_domain


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("Bob@Example.ORG", "bob@example.org"),
        (" bob@example.org. ", "bob@example.org"),
        ("bob+meet@example.org", "bob+meet@example.org"),
        ("élodie@BÜCHER.example", "élodie@xn--bcher-kva.example"),
        ("bob@bücher.example", "bob@xn--bcher-kva.example"),
        ("bob@xn--bcher-kva.example", "bob@xn--bcher-kva.example"),
        ("bob@straße.example", "bob@xn--strae-oqa.example"),
        ("bob@ｅxample。org", "bob@example.org"),
    ],
)
def test_spellings_of_one_address_are_one(raw: str, normal: str) -> None:
    assert normal_address(raw=raw) == normal


@pytest.mark.parametrize(
    "raw",
    [
        *("", "bob", "@example.org", "bob@", "a@b@", "b ob@example.org", '"bob"@example.org', ".bob@example.org", "b..ob@example.org"),
        *("bob@localhost", "bob@192.0.2.1", "bob@[::1]", "bob@ex ample.org", "bob@-x.org", "bob@xn--0.org", "bob@exam\u200bple"),
        *("bob\n@example.org", "bob@example.org\nBcc: eve@example.org", "bob@example.org<script>"),
        *(f"{'b' * 65}@example.org", f"bob@{'x' * 64}.org", f"bob@{'x.' * 130}org"),
    ],
)
def test_what_is_no_address_is_none(raw: str) -> None:
    assert normal_address(raw=raw) is None


@given(st.text(max_size=300) | st.from_regex(r"[ -~]{1,20}@[a-zß-üA-Z0-9.-]{1,40}", fullmatch=True))
def test_a_normal_address_is_its_own_normal_form(raw: str) -> None:
    normal = normal_address(raw=raw)
    assert normal is None or normal_address(raw=normal) == normal
    assert normal is None or normal_domain(raw=normal.rpartition("@")[2]) is not None

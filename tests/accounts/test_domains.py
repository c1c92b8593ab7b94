"""Domains: one normal form (D4), and which of them nobody may claim."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conclave.accounts.addresses import normal_address, normal_domain
from conclave.accounts.domains import (
    PROVIDERS,
    DomainMalformed,
    DomainOfMail,
    DomainOfProvider,
    DomainShared,
    claimable,
    registrable,
)
from conclave.kernel.errors import Refused

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(lambda label: label[2:4] != "--")
DOMAINS = st.builds(
    lambda labels, end: ".".join([*labels, end]), st.lists(LABEL, min_size=1, max_size=3), st.sampled_from(["org", "co.uk", "example"])
)


def refused(raw: str) -> type[Refused] | None:
    try:
        claimable(raw=raw)
    except Refused as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("example.org", "example.org"),
        (" Example.ORG. ", "example.org"),
        ("lab.example.org", "lab.example.org"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("ＥＸＡＭＰＬＥ。org", "example.org"),
        ("university.ac.uk", "university.ac.uk"),
        ("foo.github.io", "foo.github.io"),
    ],
)
def test_a_domain_of_ones_own_is_claimable_however_it_is_typed(typed: str, domain: str) -> None:
    assert claimable(raw=typed) == domain


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", ".", "org.", "localhost", "example", "-a.example", "a-.example", "a..example", "a b.example", "_dmarc.example.org"),
        *("https://example.org", "alice@example.org", "example.org/path", "example.org:53", "192.0.2.1", "[2001:db8::1]", "2130706433"),
        *("a\u202eb.example", "a\x00b.example", "*.example.org", f"{'a' * 64}.example", ".".join(["a" * 50] * 6), "x" * 100_000),
    ],
)
def test_what_is_no_domain_is_refused(typed: str) -> None:
    assert refused(typed) in {DomainMalformed, DomainShared}
    assert refused(typed) is DomainMalformed or "." not in typed.strip(" .")


@pytest.mark.parametrize(
    "suffix", ["org", "com", "co.uk", "ac.uk", "github.io", "GitHub.io.", "blogspot.com", "pages.dev", "s3.amazonaws.com", "kobe.jp"]
)
def test_a_public_suffix_is_nobodys_of_either_section_of_the_list(suffix: str) -> None:
    assert refused(suffix) in {DomainShared, DomainMalformed}
    if "." in suffix.rstrip("."):
        assert refused(suffix) is DomainShared


@pytest.mark.parametrize(
    "domain", ["gmail.com", "Outlook.com", "proton.me", "gmx.de", "laposte.net", "mailinator.com", "mail.gmail.com", "yopmail.com"]
)
def test_mail_that_is_open_to_anybody_makes_no_organisation(domain: str) -> None:
    assert refused(domain) is DomainOfMail


@pytest.mark.parametrize(
    "domain", ["xs4all.nl", "XS4ALL.NL.", "home.xs4all.nl", "dds.nl", "quicknet.nl", "orange.fr", "wanadoo.fr", "t-online.de"]
)
def test_customers_of_one_provider_are_no_organisation(domain: str) -> None:
    assert refused(domain) is DomainOfProvider


def test_the_list_of_providers_has_a_source_and_only_names_that_could_be_claimed_else() -> None:
    text = PROVIDERS.read_text(encoding="ascii")
    assert "Source: " in text
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(names) == len(set(names)) > 300
    for name in names:
        assert normal_domain(raw=name) == name
        assert registrable(domain=name), f"{name} is a public suffix, which is refused anyway"


@given(
    domain=DOMAINS,
    capitals=st.integers(0),
    dot=st.sampled_from(["", "."]),
    local=st.text(string.ascii_letters + string.digits, min_size=1, max_size=20),
)
def test_d4_case_scripts_a_dot_at_the_end_and_plus_addresses_make_no_second_domain(
    domain: str, capitals: int, dot: str, local: str
) -> None:
    typed = "".join(sign.upper() if capitals >> index & 1 else sign for index, sign in enumerate(domain)) + dot
    wide = typed.translate({ord(sign): ord(sign) + 0xFEE0 for sign in string.ascii_letters})
    expected = normal_domain(raw=domain)
    assume(expected is not None)
    assert normal_domain(raw=typed) == normal_domain(raw=wide) == expected == normal_domain(raw=expected or "")
    for address in (f"{local}@{typed}", f"{local.upper()}+meetings@{wide}"):
        found = normal_address(raw=address)
        assert found is not None
        assert found.rpartition("@")[2] == expected
        assert found == found.lower()


@given(raw=st.text(max_size=300) | st.text("a.-xn\u00e4\u3002@_", max_size=60))
def test_whatever_is_typed_is_a_domain_in_normal_form_or_a_refusal(raw: str) -> None:
    try:
        domain = claimable(raw=raw)
    except Refused:
        return
    assert domain == domain.lower() == normal_domain(raw=domain)
    assert domain.isascii()
    assert claimable(raw=domain) == domain
    owned = registrable(domain=domain)
    assert owned
    assert domain == owned or domain.endswith(f".{owned}")

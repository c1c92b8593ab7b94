"""gate/geo.py: two databases must agree, or nobody is anywhere (ORD-3); what they say of HK is not said of CN (ORD-6)."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped] # it has no types

from conclave.gate.geo import Geo
from conclave.gate.policy import Confidence, located

CN, HK, XK, US = "203.0.113.0/25", "203.0.113.128/25", "198.51.100.0/24", "2001:db8::/32"
WHOLE = {CN: {"country_code": "CN"}, HK: {"country_code": "HK"}, XK: {"country_code": "XK"}, US: {"country_code": "US"}}

Networks = Mapping[str, Mapping[str, Any]]


def make(folder: Path, *databases: Networks) -> Geo:
    """Write databases and their list."""
    named = []
    for number, networks in enumerate(databases):
        writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test")
        for network, record in networks.items():
            writer.insert_network(IPSet([network]), dict(record))
        path = folder / f"{number}.mmdb"
        writer.to_db_file(str(path))
        named.append({"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    (folder / "databases.json").write_text(json.dumps({"databases": named}))
    return Geo(folder)


@pytest.fixture
def geo(tmp_path: Path) -> Geo:
    return make(tmp_path, WHOLE, {**WHOLE, US: {"country": {"iso_code": "US"}}})


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("203.0.113.5", "CN"),
        ("203.0.113.200", "HK"),
        ("::ffff:203.0.113.200", "HK"),
        ("198.51.100.1", "XK"),
        ("2001:db8::7", "US"),
        ("127.0.0.1", ""),
        ("", ""),
        ("somewhere", ""),
        ("203.0.113.5, 198.51.100.1", ""),
    ],
)
def test_ord_3_an_address_is_where_both_databases_say(geo: Geo, address: str, country: str) -> None:
    found = geo.locate(address=address)
    assert located(found) == found.country == country
    assert geo.works()


def test_ord_7_the_evidence_names_the_databases_and_never_the_address(geo: Geo, tmp_path: Path) -> None:
    found = geo.locate(address="203.0.113.5")
    hashes = [hashlib.sha256((tmp_path / f"{number}.mmdb").read_bytes()).hexdigest() for number in (0, 1)]
    assert found.database == hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    assert found.built_at > 1_700_000_000
    assert "203.0.113" not in repr(found)
    assert found == geo.locate(address="203.0.113.6")


def test_ord_3_who_is_disputed_unknown_to_one_or_hidden_is_nowhere(tmp_path: Path) -> None:
    hidden = {"country_code": "XK", "is_tor_exit_node": True}
    geo = make(tmp_path, WHOLE, {CN: {"country_code": "HK"}, XK: hidden, US: {"country_code": "ZZ"}})
    for address in ("203.0.113.5", "203.0.113.200", "198.51.100.1", "2001:db8::7"):
        found = geo.locate(address=address)
        assert (found.country, found.confidence, located(found)) == ("", Confidence.LOW, "")


def test_ord_3_a_database_that_is_missing_broken_or_another_one_tells_nothing(tmp_path: Path) -> None:
    geo = make(tmp_path, WHOLE, WHOLE)
    assert located(geo.locate(address="203.0.113.5")) == "CN"
    path, listed = tmp_path / "1.mmdb", (tmp_path / "databases.json").read_text()
    right = path.read_bytes()
    swapped = make(tmp_path, WHOLE, {CN: {"country_code": "CN"}})
    assert located(swapped.locate(address="203.0.113.5")) == "CN", "one that its list names is one"
    (tmp_path / "databases.json").write_text(listed)
    assert located(geo.locate(address="203.0.113.5")) == "", "swapped while it was in use"
    for content in (b"", right[:-30], b"\0" * len(right)):
        path.write_bytes(content)
        assert located(geo.locate(address="203.0.113.5")) == ""
    path.unlink()
    assert located(geo.locate(address="203.0.113.5")) == ""
    path.write_bytes(right)
    assert located(geo.locate(address="203.0.113.5")) == "CN", "once it is there again"
    for text in ("", "{}", "[]", '{"databases": [{"file": 1}]}', json.dumps({"databases": json.loads(listed)["databases"][:1]})):
        (tmp_path / "databases.json").write_text(text)
        assert located(geo.locate(address="203.0.113.5")) == ""
    assert not Geo(tmp_path / "nowhere").works()

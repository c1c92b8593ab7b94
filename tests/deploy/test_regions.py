"""Regions in the settings: what an operator writes, what is refused in one sentence, and that nothing is opened by adding it (R5)."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conclave.archive import DATABASE
from conclave.config import Config, ConfigError, load
from conclave.doctor import examine
from conclave.media import turn
from conclave.media.child import EngineSettings, engine_config
from conclave.media.credentials import engine_credentials
from conclave.ports import needed_ports
from conclave.run import RunError, run
from conclave.stray import calls_left_behind, lists_without_a_region

TWO = """
allowed_regions = "fr, de"
[regions.fr]
territory = "FR"
node_address = "203.0.113.7"
capacity = 400
[regions.de]
territory = "DE"
engine = "10.8.0.2:7880"
addresses = "198.51.100.9, 2001:db8::9"
turn = "turns:turn-de.example.org:443?transport=tcp"
"""


def read(tmp_path: Path, text: str, env: dict[str, str] | None = None) -> Config:
    path = tmp_path / "conclave.toml"
    path.write_text(text)
    return load(path=path, env=env or {})


def test_without_a_word_there_is_one_region_as_ever(tmp_path: Path) -> None:
    (alone,) = read(tmp_path, 'territory = "FR"\nnode_address = "192.0.2.7"').all_regions
    assert (alone.name, alone.territory, alone.engine_host, alone.addresses, alone.here) == (
        "local", "FR", "127.0.0.1:7880", ("192.0.2.7",), True,
    )  # fmt: skip
    assert read(tmp_path, "").platform_regions == {"local"}


def test_a_file_names_them_with_their_engines_and_addresses(tmp_path: Path) -> None:
    config = read(tmp_path, TWO)
    french, german = config.all_regions
    assert (french.here, french.engine_host, french.addresses, french.capacity) == (True, "127.0.0.1:7880", ("203.0.113.7",), 400)
    assert (german.here, german.engine_host, german.addresses) == (False, "10.8.0.2:7880", ("198.51.100.9", "2001:db8::9"))
    assert config.platform_regions == {"fr", "de"}


def test_one_line_names_several_on_this_machine_with_ports_and_territories_of_their_own(tmp_path: Path) -> None:
    config = read(tmp_path, TWO, {"CONCLAVE_REGIONS": "fr, de,us-east", "CONCLAVE_ALLOWED_REGIONS": ""})
    assert [(one.name, one.territory, one.engine_port, one.media_tcp_port, one.media_udp_port) for one in config.all_regions] == [
        ("fr", "FR", 7880, 7881, 7882), ("de", "DE", 7890, 7891, 7892), ("us-east", "", 7900, 7901, 7902),
    ]  # fmt: skip
    table = [(port.number, port.protocol, port.setting) for port in needed_ports(config)]
    assert len(set(table)) == len(table) == 10
    assert (7892, "UDP", "regions.de.media_udp_port") in table
    assert {port.changed_by for port in needed_ports(config)} >= {"CONCLAVE_HTTP_PORT", "regions.fr.engine_port"}


def test_reg_2_naming_a_region_does_not_open_it(tmp_path: Path) -> None:
    """REG-2, R5: who adds a table has to say so in allowed_regions as well."""
    more = TWO + '[regions.cn]\nterritory = "CN"\n'
    assert read(tmp_path, more).platform_regions == {"fr", "de"}
    with pytest.raises(ConfigError, match="Say in 'allowed_regions'"):
        read(tmp_path, more.replace('allowed_regions = "fr, de"', ""))
    config = replace(read(tmp_path, more), state_dir=tmp_path)
    said = [finding for finding in examine(config=config, now=0) if finding.check == "region"]
    assert [(finding.level, "'cn'" in finding.text) for finding in said] == [("ok", False), ("ok", False), ("warn", True)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("fr, de", "fr, uk"), "names 'uk', which is no region"),
        (("[regions.fr]", "[regions.FR]"), "short lower-case letters"),
        (('territory = "FR"', 'territory = "fr"'), "must be a code like FR"),
        (('territory = "FR"', 'teritory = "FR"'), "Unknown setting 'regions.fr.teritory'"),
        (('territory = "FR"', "territory = 1"), "must be text"),
        (("capacity = 400", 'capacity = "many"'), "must be a whole number"),
        (("capacity = 400", "capacity = -1"), "must be a whole number"),
        (("203.0.113.7", "media.example.org"), "must name IP addresses"),
        (('addresses = "198.51.100.9, 2001:db8::9"', ""), "say in 'addresses'"),
        (('addresses = "198.51.100.9, 2001:db8::9"', 'addresses = " , "'), "names none"),
        (("10.8.0.2:7880", "http://10.8.0.2:7880/x"), "must be like 10.8.0.2:7880"),
        (("turns:turn-de.example.org:443?transport=tcp", "stun:stun.l.example"), "must be like turns:"),
        (("capacity = 400", 'redis = "redis://:word@10.8.0.3/0"'), "Make each further engine a region of its own"),
        (("capacity = 400", "engine_port = 70000"), "from 1 to 65535"),
        (("capacity = 400", "engine_port = 8000"), "must be different ports"),
        (("capacity = 400", "engine_port = 9000\nmedia_tcp_port = 9000"), "needs ports of its own"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    assert change[0] in TWO
    with pytest.raises(ConfigError, match=sentence):
        read(tmp_path, TWO.replace(*change))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("regions = 3", "must be tables"), ('regions = "fr, fr"', "names one twice"), ("regions.fr = 3", "must be a table")],
)
def test_nor_is_what_is_no_region(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read(tmp_path, text)


@pytest.fixture
def served(tmp_path: Path) -> Config:
    """A server whose database has calls in three regions, and meetings and organisations that name some."""
    config = replace(read(tmp_path, TWO), state_dir=tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as opened:
        opened.execute("CREATE TABLE meetings_call (region TEXT, route TEXT, ended_at INTEGER)")
        opened.execute("CREATE TABLE meetings_meeting (own_rules TEXT, deleted_at INTEGER)")
        opened.execute("CREATE TABLE accounts_policyversion (rules TEXT, is_current INTEGER)")
        stops = {"de": ["198.51.100.9"], "atlantis": ["192.0.2.1"], "local": [config.node_address]}
        calls = [(region, json.dumps([{"addresses": addresses}]), None) for region, addresses in stops.items()]
        opened.executemany("INSERT INTO meetings_call VALUES (?, ?, ?)", [*calls, ("lemuria", calls[1][1], 1), ("mu", "[]", None)])
        named: list[list[str] | None] = [["FR"], ["de"], ["US"], ["atlantis", "DE"], [], None]
        rules = [json.dumps({"regions": names} if names is not None else {}) for names in named]
        opened.executemany("INSERT INTO meetings_meeting VALUES (?, NULL)", [(one,) for one in rules])
        opened.executemany("INSERT INTO accounts_policyversion VALUES (?, ?)", [(rules[2], 1), (rules[2], 0), ('{"regions": null}', 1)])
        opened.commit()
    return config


def test_reg_6_a_region_with_calls_on_an_engine_elsewhere_is_not_simply_taken_out(served: Config) -> None:
    """REG-6: nobody could close its rooms; where its engine was this server's, nobody is there either."""
    (sentence,) = calls_left_behind(config=served)
    assert "'atlantis' (1)" in sentence
    (finding,) = (one for one in examine(config=served, now=0.0) if one.level == "fail" and one.check == "region")
    assert finding.text.endswith("its engine runs on elsewhere.")
    assert finding.advice == "Put [regions.atlantis] back, leave it out of allowed_regions, start the server, and remove it a minute later."
    with pytest.raises(RunError, match="atlantis"):
        run(config=served)


def test_reg_2_the_doctor_counts_who_names_regions_that_there_are_not(served: Config, tmp_path: Path) -> None:
    """REG-2: before there were regions, such lists had no effect."""
    (finding,) = (one for one in examine(config=served, now=0.0) if one.level == "warn" and "nobody can join" in one.text)
    assert "the lists of 2 meetings and 1 organisations," in finding.text
    assert lists_without_a_region(config=replace(served, state_dir=tmp_path / "empty")) == []


def test_a_territory_that_there_is_not_is_told_by_the_doctor(tmp_path: Path) -> None:
    config = read(tmp_path, TWO.replace('"DE"', '"UK"'))
    (bad,) = [finding for finding in examine(config=config, now=0) if finding.check == "region" and finding.level == "fail"]
    assert "UK" in bad.text


def test_reg_12_a_redis_is_refused_without_saying_its_password(tmp_path: Path) -> None:
    """REG-12: an engine that is one of several is several regions now."""
    with pytest.raises(ConfigError, match="machines join that the public ledger does not name") as refused:
        read(tmp_path, TWO.replace("capacity = 400", 'redis = "redis://:word@10.8.0.3/0"'))
    assert "word" not in str(refused.value)


def test_reg_5_each_engine_has_its_own_key_pair_and_works_alone(tmp_path: Path) -> None:
    """REG-5, REG-12: a pair opens one region's engine, and an engine is told of no other's."""
    pairs = {name: engine_credentials(state_dir=tmp_path, region=name) for name in ("fr", "de")}
    assert len({pair.secret for pair in pairs.values()}) == len({pair.key for pair in pairs.values()}) == 2

    def told(name: str) -> dict[str, Any]:
        settings = EngineSettings(
            program=tmp_path, state_dir=tmp_path, region=name, port=7880, tcp_port=7881, udp_port=7882, turn_port=None,
            node_address="127.0.0.1", credentials=pairs[name], alone=False,
        )  # fmt: skip
        assert settings.log.name == f"engine-{name}.log"
        return dict(engine_config(settings))

    assert told("fr")["keys"] == {pairs["fr"].key: pairs["fr"].secret}
    assert "redis" not in {*told("fr"), *told("de")}


def test_reg_7_with_several_regions_no_turn_stands_on_the_port_of_the_pages(tmp_path: Path) -> None:
    """REG-7: nobody could tell whose relay is meant."""
    lan = 'lan = true\nnode_address = "127.0.0.1"\n'
    assert turn.is_offered(config=read(tmp_path, lan))
    assert not turn.is_offered(config=read(tmp_path, lan + 'regions = "fr, de"'))

from dataclasses import fields
from pathlib import Path

import pytest

from conclave import config, servers
from conclave.config import Config, ConfigError, load
from conclave.described import DESCRIPTIONS


def test_without_file_or_environment_the_defaults_hold(tmp_path: Path) -> None:
    assert load(path=_file(tmp_path, ""), env={}) == Config()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    loaded = load(path=_file(tmp_path, 'http_port = 9000\nregion = "fr"\n'), env={"CONCLAVE_HTTP_PORT": "9001"})
    assert (loaded.http_port, loaded.region) == (9001, "fr")


def test_the_public_url_follows_the_port_unless_given(tmp_path: Path) -> None:
    path = _file(tmp_path, "http_port = 9000")
    assert load(path=path, env={}).public_url == "http://localhost:9000"
    assert load(path=path, env={"CONCLAVE_PUBLIC_URL": "https://meet.example.org"}).public_url == "https://meet.example.org"


def test_on_the_local_network_everything_follows_from_one_address(tmp_path: Path) -> None:
    loaded = load(path=_file(tmp_path, 'lan = true\nnode_address = "192.0.2.7"'), env={})
    assert (loaded.http_host, loaded.http_port, loaded.https_port) == ("192.0.2.7", 8000, 8443)
    assert (loaded.node_address, loaded.public_url, loaded.tls) == ("192.0.2.7", "https://192.0.2.7:8443", True)
    six = load(path=_file(tmp_path, 'lan = true\nhttps_port = 443\nnode_address = "2001:db8::7"'), env={})
    assert six.public_url == "https://[2001:db8::7]"


def test_the_local_network_is_the_one_by_which_this_machine_reaches_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "outgoing_address", lambda: "192.0.2.9")
    assert load(path=_file(tmp_path, ""), env={"CONCLAVE_LAN": "true"}).public_url == "https://192.0.2.9:8443"
    assert load(path=_file(tmp_path, ""), env={"CONCLAVE_LAN": "false"}) == Config()


def test_a_domain_is_for_everybody_on_the_usual_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "outgoing_address", lambda: "192.0.2.9")
    loaded = load(path=_file(tmp_path, ""), env={"CONCLAVE_DOMAIN": "meet.example.org"})
    assert loaded.http_host in {"::", "0.0.0.0"}
    assert (loaded.http_port, loaded.https_port, loaded.node_address) == (80, 443, "192.0.2.9")
    assert (loaded.public_url, loaded.tls) == ("https://meet.example.org", True)


def test_what_is_given_wins_over_what_follows(tmp_path: Path) -> None:
    text = 'domain = "meet.example.org"\nhttp_host = "127.0.0.1"\nhttp_port = 8080\nhttps_port = 8443\nnode_address = "192.0.2.7"'
    loaded = load(path=_file(tmp_path, text), env={})
    assert (loaded.http_host, loaded.http_port, loaded.https_port) == ("127.0.0.1", 8080, 8443)
    assert (loaded.node_address, loaded.public_url) == ("192.0.2.7", "https://meet.example.org:8443")


def test_a_relative_state_folder_starts_at_the_checkout(tmp_path: Path) -> None:
    assert load(path=_file(tmp_path, 'state_dir = "elsewhere"'), env={}).state_dir == config.ROOT / "elsewhere"


@pytest.mark.parametrize(
    ("text", "env", "sentence"),
    [
        ("colour = 1", {}, "Unknown setting 'colour'"),
        ("", {"CONCLAVE_COLOUR": "1"}, "Unknown setting 'colour' in the environment"),
        ('http_port = "many"', {}, "must be a whole number"),
        ("http_port = true", {}, "must be a whole number"),
        ("http_port = 0", {}, "from 1 to 65535"),
        ("http_port = 7881", {}, "must be different ports"),
        ("region = 7", {}, "must be text"),
        ('region = "../x"', {}, "'region'"),
        ('public_url = "meet.example.org"', {}, "'public_url'"),
        ('public_url = "https://meet.example.org/path"', {}, "'public_url'"),
        ('node_address = "here"', {}, "must be an IP address"),
        ("= broken", {}, "not valid TOML"),
        ('lan = "perhaps"', {}, "must be true or false"),
        ('lan = true\ndomain = "meet.example.org"', {}, "exclude each other"),
        ('domain = "meet"', {}, "'domain'"),
        ('domain = "Meet.example.org"', {}, "'domain'"),
        ('domain = "meet.example.org:443"', {}, "'domain'"),
        ('domain = "192.0.2.7"', {}, "'domain'"),
        ('domain = "meet.example.org"\npublic_url = "https://other.example.org"', {}, "https address of meet.example.org"),
        ('lan = true\npublic_url = "http://192.0.2.7"', {}, "https address of this server"),
        ("lan = true\nhttps_port = 7881", {}, "must be different ports"),
        ('contact = "the office"', {}, "'contact' must be"),
        ('contact = "javascript://x%0aalert(1)"', {}, "'contact' must be"),
        ('mail = "mail.example.org"\nmail_from = "a@example.org"', {}, "'mail' must be like"),
        ('mail = "http://mail.example.org"\nmail_from = "a@example.org"', {}, "'mail' must be like"),
        ('mail = "smtp://mail.example.org:x"\nmail_from = "a@example.org"', {}, "'mail' must be like"),
        ('mail = "smtp://mail.example.org"', {}, "'mail_from' must be an e-mail address"),
        ('mail = "smtp://mail.example.org"\nmail_from = "Us <a@example.org>"', {}, "'mail_from' must be an e-mail address"),
        ("sign_up = true", {}, "'sign_up' needs 'mail'"),
        ('database = "mysql://us:x@db.example.org/conclave"', {}, "'database' must be like"),
        ('database = "postgresql://us:x@db.example.org/"', {}, "'database' must be like"),
        ('database = "postgresql://us:x@db.example.org:y/conclave"', {}, "'database' must be like"),
        ('database = "postgresql://us:x@db.example.org/conclave?sslmode=no"', {}, "'database' must be like"),
        ('database = "postgresql://us:x@db.example.org/conclave?options=x"', {}, "'database' must be like"),
        ('witnesses = "https://w.example"', {}, "'witnesses' must be like"),
        ('witnesses = "ftp://w.example w.example+1a2b3c4d+' + "A" * 44 + '"', {}, "'witnesses' must be like"),
        ("witness_quorum = 1", {}, "'witness_quorum' no larger"),
        ('acme_directory = "http://ca.example/directory"', {}, "'acme_directory' must be an https address"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, text: str, env: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as refused:
        load(path=_file(tmp_path, text), env=env)
    assert str(refused.value).endswith(".")


def test_a_mail_password_is_read_and_never_said(tmp_path: Path) -> None:
    found = servers.mail_server("smtps://us%40example.org:a%2Fb%20c@mail.example.org")
    assert found is not None
    assert (found.host, found.port, found.tls) == ("mail.example.org", 465, "at_once")
    assert (found.user, found.password) == ("us@example.org", "a/b c")
    assert "a/b c" not in repr(found)
    with pytest.raises(ConfigError) as refused:
        load(path=_file(tmp_path, 'mail = "smtp://us:hunter2@mail.example.org/inbox"'), env={})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "port", "tls"),
    [
        ("smtp://mail.example.org", 587, "starttls"),
        ("smtp://mail.example.org:25", 25, "starttls"),
        ("smtp://127.0.0.1:2525", 2525, "none"),
        ("smtp://localhost.example.org:2525", 2525, "starttls"),
    ],
)
def test_mail_leaves_this_machine_under_tls_only(address: str, port: int, tls: str) -> None:
    found = servers.mail_server(address)
    assert found is not None
    assert (found.port, found.tls) == (port, tls)


def test_a_named_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(path=tmp_path / "absent.toml", env={})


def test_every_setting_is_described() -> None:
    assert [field.name for field in fields(Config)] == list(DESCRIPTIONS)


def test_a_database_is_read_and_its_password_never_said(tmp_path: Path) -> None:
    found = servers.database_server("postgresql://us:a%2Fb%20c@db.example.org/conclave")
    assert found
    assert (found.host, found.port, found.user, found.password, found.name) == ("db.example.org", 5432, "us", "a/b c", "conclave")
    assert "a/b c" not in repr(found)
    with pytest.raises(ConfigError) as refused:
        load(path=_file(tmp_path, 'database = "postgresql://us:hunter2@db.example.org/a/b"'), env={})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "tls"),
    [
        ("postgresql://us:x@db.example.org/conclave", "require"),
        ("postgresql://us:x@db.example.org/conclave?sslmode=verify-full", "verify-full"),
        ("postgresql://us:x@127.0.0.1:5433/conclave", "prefer"),
        ("postgresql:///conclave", "prefer"),
    ],
)
def test_the_way_to_another_machine_is_encrypted(address: str, tls: str) -> None:
    found = servers.database_server(address)
    assert found
    assert found.tls == tls


def _file(folder: Path, text: str) -> Path:
    path = folder / "conclave.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_witnesses_are_read_in_pairs(tmp_path: Path) -> None:
    key = "w.example+1a2b3c4d+" + "A" * 44
    found = load(path=_file(tmp_path, f'witnesses = "https://w.example {key}, http://v.example:81/x {key}"\nwitness_quorum = 2'), env={})
    assert found.witness_addresses == (("https://w.example", key), ("http://v.example:81/x", key))
    assert load(path=_file(tmp_path, ""), env={}).witness_addresses == ()

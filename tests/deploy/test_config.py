from dataclasses import fields
from pathlib import Path

import pytest

from conclave import config
from conclave.config import Config, ConfigError, load


def test_without_file_or_environment_the_defaults_hold(tmp_path: Path) -> None:
    assert load(path=_file(tmp_path, ""), env={}) == Config()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    loaded = load(path=_file(tmp_path, 'http_port = 9000\nregion = "fr"\n'), env={"CONCLAVE_HTTP_PORT": "9001"})
    assert (loaded.http_port, loaded.region) == (9001, "fr")


def test_the_public_url_follows_the_port_unless_given(tmp_path: Path) -> None:
    path = _file(tmp_path, "http_port = 9000")
    assert load(path=path, env={}).public_url == "http://localhost:9000"
    assert load(path=path, env={"CONCLAVE_PUBLIC_URL": "https://meet.example.org"}).public_url == "https://meet.example.org"


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
        ("http_port = 7881", {}, "three different ports"),
        ("region = 7", {}, "must be text"),
        ('region = "../x"', {}, "'region'"),
        ('public_url = "meet.example.org"', {}, "'public_url'"),
        ('public_url = "https://meet.example.org/path"', {}, "'public_url'"),
        ('node_address = "here"', {}, "must be an IP address"),
        ("= broken", {}, "not valid TOML"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(tmp_path: Path, text: str, env: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence) as refused:
        load(path=_file(tmp_path, text), env=env)
    assert str(refused.value).endswith(".")


def test_a_named_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        load(path=tmp_path / "absent.toml", env={})


def test_every_setting_is_described() -> None:
    assert [field.name for field in fields(Config)] == list(config.DESCRIPTIONS)


def _file(folder: Path, text: str) -> Path:
    path = folder / "conclave.toml"
    path.write_text(text, encoding="utf-8")
    return path

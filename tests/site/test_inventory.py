"""The inventory: everything that is stored has its row, its numbers are those of the code, and its page can be read by everybody."""

import re
from collections import Counter
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from conclave.kernel import clock, retention
from conclave.site.inventory import FILE, LISTS, inventory, source, time_in_words

LANGUAGES = ("en", "fr")
LARGEST_PAGE = 100_000
# What people say, write and show to each other, be it encrypted: no order reaches it.
CONTENT = {
    ("keys.Said", "message"), ("keys.Said", "tag"), ("keys.Welcome", "body"), ("keys.LogEntry", "body"), ("keys.Group", "tree"),
    ("keys.Group", "group_info"), ("keys.Tree", "body"), ("meetings.Meeting", "title"), ("meetings.Meeting", "title_key"),
    ("meetings.Knock", "sealed"),
}  # fmt: skip


def stored() -> dict[str, type[models.Model]]:
    """Return every model that has a table, allauth's and the framework's among them."""
    known: list[type[models.Model]] = [*apps.get_models(include_auto_created=True), MigrationRecorder(connection).Migration]
    return {model._meta.label: model for model in known if model._meta.managed and not model._meta.proxy}


def listed() -> dict[str, list[str]]:
    """Return the fields of each table as the file has them."""
    return {table["model"]: fields_of(table) for table in source()["table"] if "model" in table}


def fields_of(table: dict[str, Any]) -> list[str]:
    return [field for row in table["rows"] for field in row["fields"].split()]


def tables() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = source()["table"]
    return found


@pytest.mark.parametrize("label", sorted(stored()))
def test_every_column_that_is_stored_has_its_row(label: str) -> None:
    fields = [field.name for field in stored()[label]._meta.concrete_fields]
    rows = listed().get(label)
    assert rows is not None, f"""{label} is not in the inventory. Add to {FILE.name}, beside tables like it:

[[table]]
part = "people"        # or: {", ".join(source()["part"])}
model = "{label}"
en = "What the table is"
fr = "Ce qu’est la table"
ground = "contract"    # or: {", ".join(source()["ground"])}
kept = "account"       # or: {", ".join(source()["kept"])}
seen = "self"          # or: {", ".join(source()["seen"])}
rows = [
  {{ fields = "{" ".join(fields)}", en = "Why they are there.", fr = "Pourquoi elles sont là." }},
]"""
    missing, gone = [name for name in fields if name not in rows], [name for name in rows if name not in fields]
    assert not missing, f"""Add to the rows of {label} in {FILE.name} (or put the name into a row with the same purpose):
  {{ fields = "{" ".join(missing)}", en = "Why it is there.", fr = "Pourquoi elle est là." }},"""
    assert not gone, f"{label} has no column {', '.join(gone)} any more: take it out of {FILE.name}."


def test_no_row_is_about_a_table_that_is_gone_and_no_column_has_two() -> None:
    assert set(listed()) <= set(stored())
    assert not [f"{label}.{name}" for label, names in listed().items() for name, times in Counter(names).items() if times > 1]


@pytest.mark.django_db
def test_the_database_has_no_table_besides() -> None:
    assert set(connection.introspection.table_names()) == {model._meta.db_table for model in stored().values()}


def test_every_table_and_row_answers_the_same_questions_in_both_languages() -> None:
    told = [told for table in tables() for told in (table, *table["rows"])] + [entry for name in LISTS for entry in source()[name].values()]
    assert not [one for one in told if any(not str(one.get(language, "")).strip() for language in LANGUAGES)]
    answers = [(name, told[name]) for table in tables() for told in (table, *table["rows"]) for name in LISTS if name in told]
    assert not [(name, entry) for name, entry in answers if entry not in source()[name]]
    assert not [table for table in tables() if not {"part", *LISTS} <= set(table) or table["part"] not in source()["part"]]
    assert not [(name, entry) for name in LISTS for entry in source()[name] if (name, entry) not in answers], "nobody names these"


def test_how_long_is_the_number_that_the_code_goes_by() -> None:
    """And no rule of the code is without its words."""
    timed = {name for name, entry in source()["kept"].items() if all("{time}" in entry[language] for language in LANGUAGES)}
    assert timed == {name for name, entry in source()["kept"].items() if any("{time}" in entry[language] for language in LANGUAGES)}
    assert timed == set(retention.rules())
    said = [table.answers.kept for part in inventory(language="fr") for table in part.tables]
    seats = retention.rules()["meetings.seat"].ms
    assert f"{seats // clock.DAY} jours après l’appel" in said


@pytest.mark.parametrize(
    ("ms", "said"), [(clock.DAY, "1 day"), (30 * clock.DAY, "30 days"), (36 * clock.HOUR, "36 hours"), (clock.MINUTE, "1 minute")]
)
def test_a_time_is_said_as_people_say_it(ms: int, said: str) -> None:
    assert time_in_words(ms=ms, language="en") == said


def test_content_is_never_what_an_order_may_ask_for() -> None:
    asked = {
        (table.get("model"), field) for table in tables() for row in table["rows"] if row.get("disclose") for field in row["fields"].split()
    }
    assert asked
    assert not asked & CONTENT
    assert all(label in listed() and name in listed()[label] for label, name in CONTENT)
    assert not {name for _label, name in asked if re.search("hash|salt|key|token|secret|password", name)}


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "title"), [("en", "What this server keeps"), ("fr", "Ce que garde ce serveur")])
def test_the_page_has_every_field_in_the_readers_language_and_is_small(language: str, title: str) -> None:
    answer = Client(headers={"accept-language": language}).get("/inventory")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert len(answer.content) <= LARGEST_PAGE
    assert f"<h1>{title}</h1>" in page
    assert "{time}" not in page
    for table in tables():
        assert f"<code>{table.get('model') or table['place']}</code>" in page
        assert all(f"<code>{field}</code>" in page for field in fields_of(table))


@pytest.mark.django_db
def test_it_is_one_press_from_every_page() -> None:
    assert 'href="/inventory"' in Client().get("/protection").content.decode()
    assert Client().get("/").content.decode().count('href="/inventory"') == 1

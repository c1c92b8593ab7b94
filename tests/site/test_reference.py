"""What programs can ask: the page says what the schema says, in the reader's language, and is small; the schema is one that others read."""

import pytest
from django.test import Client

from conclave.site.reference import endpoints, refusals, schema, scopes

LARGEST_PAGE = 100_000


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "title"), [("en", "What programs can ask this server"), ("fr", "Ce que des programmes peuvent")])
def test_the_page_has_every_endpoint_in_the_readers_language_and_is_small(language: str, title: str) -> None:
    answer = Client(headers={"accept-language": language}).get("/api/docs")
    page = answer.content.decode()
    assert (answer.status_code, title in page) == (200, True)
    assert len(answer.content) <= LARGEST_PAGE
    for path, methods in schema()["paths"].items():
        for method, told in methods.items():
            assert f"<code>{method.upper()} {path}</code>" in page
            assert (told["summary"] in page) == (language == "en"), told["summary"]
    assert all(f"<code>{scope}</code>" in page for scope, _label in scopes())
    assert all(f"{one.status} <code>{one.code}</code>" in page for one in refusals())
    assert "<script" not in page.partition("<main")[2].partition("</main>")[0]


def test_each_endpoint_says_what_goes_in_and_what_comes_out() -> None:
    told = {f"{one.method} {one.path}": one for one in endpoints()}
    made = told["POST /api/v1/meetings"]
    assert {(field.name, field.required) for field in made.body} >= {("meeting", True), ("title", False), ("entrance.passcode", False)}
    assert next(field.kind for field in made.body if field.name == "link_id") == "text, 16 bytes as b64"
    assert next(field.kind for field in made.body if field.name == "preset") == "guarded | open | school | confidential | null"
    mine = told["GET /api/v1/meetings"]
    assert (mine.scope, [field.name for field in mine.query]) == ("meetings:read", ["after", "limit"])
    assert {field.name for field in mine.answer} >= {"meetings[].meeting", "meetings[].entrance.waiting", "next"}
    assert told["GET /api/v1/token"].scope == ""
    assert told["POST /api/v1/join"].scope is None
    assert [one.scope is None for one in endpoints()] == sorted(one.scope is None for one in endpoints())


@pytest.mark.django_db
def test_what_is_served_is_the_same_openapi_document() -> None:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.headers["Content-Type"].startswith("application/json")
    served = answer.json()
    assert served["openapi"].startswith("3.")
    assert set(served["paths"]) == set(schema()["paths"])
    assert served["components"]["securitySchemes"]["Token"] == {"type": "http", "scheme": "bearer"}
    for methods in served["paths"].values():
        for told in methods.values():
            assert ("x-scope" in told) == any("Token" in way for way in told.get("security", [])), told["operationId"]

"""Statements that the ORM writes once: to write one takes it longer than the database needs to answer, so hot paths keep what it wrote.

A query is declared as a function of its values and called with them; only the first call goes through the ORM:

    @written_once
    def _live(*, meeting: str) -> QuerySet[Call, tuple[str, str]]:
        return Call.objects.select_for_update().filter(meeting=meeting, ended_at=None).values_list("pk", "region")
"""

import functools
import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import QuerySet

P = ParamSpec("P")
Row = TypeVar("Row", bound=tuple[Any, ...])
Value = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a value goes that is said with each call."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A statement as it was written: its SQL, what is in it (values, and places for those to come), which columns need converting."""

    sql: str
    values: Sequence[Any]
    converted: Sequence[tuple[int, Any]]


class Written(Generic[Row]):
    """A query with places for values, written by the ORM when it is first asked; its rows are those of values_list()."""

    def __init__(self, query: Callable[..., QuerySet[Any, Row]], *, places: Sequence[type]) -> None:
        """Know how the query is made.

        Args:
            query: makes it, of one value for each place; it must come out the same whatever they are.
            places: of which type each value is: str or int.
        """
        self._query = query
        self._marks = [_mark(kind, number) for number, kind in enumerate(places)]
        self._texts: dict[str, _Text] = {}

    def __call__(self, *values: Value) -> list[Row]:
        """Return the rows for these values."""
        text = self._texts.get(connection.vendor) or self._write()
        given = [values[one.number] if isinstance(one, _Place) else one for one in text.values]
        with connection.cursor() as cursor:
            cursor.execute(text.sql, given)
            rows: list[Any] = cursor.fetchall()
        if not text.converted:
            return rows
        converters = [(column, _converters(expression), expression) for column, expression in text.converted]
        return [_convert(row, converters) for row in rows]

    def _write(self) -> _Text:
        """Let the ORM write it."""
        compiler = self._query(*self._marks).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        places = {mark: _Place(number=number) for number, mark in enumerate(self._marks)}
        values = [places.get(one, one) if isinstance(one, str | int) else one for one in parameters]
        expressions = [(column, chosen[0]) for column, chosen in enumerate(compiler.select)]
        converted = [(column, expression) for column, expression in expressions if _converters(expression)]
        self._texts[connection.vendor] = text = _Text(sql=sql, values=values, converted=converted)
        return text


def written_once(query: Callable[P, QuerySet[Any, Row]]) -> Callable[P, list[Row]]:
    """Wrap a function of keywords that returns a values_list(), so that it returns the rows and the ORM writes the statement once.

    Args:
        query: makes the query; all its arguments are str or int, and only fill places in it.
    """
    signature = inspect.signature(query, eval_str=True)
    names, kinds = list(signature.parameters), [one.annotation for one in signature.parameters.values()]
    by_name: Callable[..., QuerySet[Any, Row]] = query
    written = Written(lambda *marks: by_name(**dict(zip(names, marks, strict=True))), places=kinds)

    @functools.wraps(query)
    def ask(*_none: P.args, **values: P.kwargs) -> list[Row]:
        """Ask with these values."""
        return written(*(values[name] for name in names))  # type: ignore[arg-type] # str or int, as declared

    return ask


def columns(model: type[models.Model], *names: str) -> list[str]:
    """Return the columns of a table by name, in the order in which Model.from_db() takes them.

    Args:
        model: the table.
        names: which; all without any.
    """
    all_of = [str(field.attname) for field in model._meta.concrete_fields]  # noqa: SLF001 - Django's documented API
    unknown = set(names) - set(all_of)
    if unknown:
        raise ValueError(f"{model.__name__} has no {', '.join(sorted(unknown))}.")
    return [name for name in all_of if not names or name in names]


def insert(rows: Sequence[models.Model]) -> None:
    """Add rows of one table with one statement, as save(force_insert=True) does; a key that the database counts stays unknown here.

    Args:
        rows: not in the database yet; at least one.

    Raises:
        IntegrityError: a constraint refuses one of them.
    """
    fields, head, place = _insertion(type(rows[0]), connection.vendor)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(head + ", ".join(itertools.repeat(place, len(rows))), values)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS  # noqa: SLF001 - as save() leaves it


@functools.cache
def _insertion(model: type[models.Model], _vendor: str) -> tuple[list[Any], str, str]:
    """Return the fields that are said of a new row, the statement that adds it, and the places of one row."""
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]  # noqa: SLF001 - Django's documented API
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    table = quote(model._meta.db_table)  # noqa: SLF001 - as above
    places = ", ".join(itertools.repeat("%s", len(fields)))
    return fields, f"INSERT INTO {table} ({names}) VALUES ", f"({places})"  # noqa: S608 - our own names


def _mark(kind: type, number: int) -> str | int:
    """Return a value that stands for a place while the statement is written, and for nothing else."""
    if kind is str:
        return f"place {number} of a statement"
    if kind is int:
        return -(2**40) - number
    raise TypeError(f"A place in a statement is str or int, not {kind}.")


def _converters(expression: Any) -> list[Callable[[Any, Any, Any], Any]]:  # noqa: ANN401 - Django's expressions
    """Return what makes a value of Python of a column's; asked anew, as they belong to a connection."""
    return [*connection.ops.get_db_converters(expression), *expression.get_db_converters(connection)]


def _convert(row: Sequence[Any], converters: Sequence[tuple[int, list[Callable[[Any, Any, Any], Any]], Any]]) -> Any:  # noqa: ANN401 - a row
    """Return a row as Python's values."""
    values = list(row)
    for column, steps, expression in converters:
        for step in steps:
            values[column] = step(values[column], expression, connection)
    return tuple(values)

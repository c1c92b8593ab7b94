"""Whoever runs the server writes into her own database; she writes rows as the server would, whatever columns there are by now."""

import sqlite3
from pathlib import Path

from django.db import connection, models


def write(state: Path, row: models.Model) -> None:
    """Put a row into a running server's database.

    Args:
        state: the server's state folder.
        row: a model that was not saved; what it does not say has its default.
    """
    fields = row._meta.concrete_fields
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    names, marks = ", ".join(str(field.column) for field in fields), ", ".join("?" * len(fields))
    with sqlite3.connect(state / "conclave.sqlite3", timeout=20) as database:
        database.execute(f"INSERT INTO {row._meta.db_table} ({names}) VALUES ({marks})", values)  # noqa: S608 - our own names
    database.close()

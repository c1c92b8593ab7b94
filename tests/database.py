"""The database of a test run: made once for all runs whose migrations are the same, and emptied quickly between tests.

A plugin (tests/conftest.py names it). Making it anew costs every run seconds, and those of the sabotage suite are hundreds.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.models.signals import post_migrate
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".conclave" / "cache" / "databases"
# Versions of Django and of allauth stand there; their migrations are read too.
LOCK = ROOT / "requirements.lock"
BESIDE = ("", "-wal", "-shm", "-journal")


def fingerprint() -> str:
    """Return what tells one state of the database from another: every migration there is, and what is installed."""
    files = [path for app in apps.get_app_configs() for path in sorted(Path(app.path).glob("migrations/*.py"))]
    found = hashlib.sha256(LOCK.read_bytes())
    for path in files:
        found.update(f"\0{path.parent.parent.name}/{path.name}\0".encode() + path.read_bytes())
    return found.hexdigest()[:32]


def hand_over(made: Path) -> None:
    """Copy what an earlier run has kept to where a database is to be; nothing if there is none."""
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(KEPT / f"{fingerprint()}.sqlite3", made)
        made.chmod(0o600)


def database() -> Path | None:
    """Return the file of this run's database; None where there is a server, which makes its databases itself."""
    return Path(str(connection.settings_dict["TEST"]["NAME"])) if connection.vendor == "sqlite" else None


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Whether Django goes on with the file that lies there."""
    return database() is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:  # noqa: ARG001 - pytest-django's order
    """Begin with the database of an earlier run with the same migrations, if there was one."""
    made = database()
    if made is not None:
        hand_over(made)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:  # noqa: ARG001 - what Django did
    """Keep the database for the next run, and tidy up."""
    made = database()
    if made is not None:
        with django_db_blocker.unblock():
            _keep()
    # Nothing here asks Django's own table of permissions, which it would write anew after every test that empties the tables.
    assert post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    assert post_migrate.disconnect(create_contenttypes)
    yield
    if made is not None:
        with django_db_blocker.unblock():
            connection.close()
        for end in BESIDE:
            made.with_name(made.name + end).unlink(missing_ok=True)


def _keep() -> None:
    """Put a whole copy where the next run finds it; runs beside this one may do the same."""
    kept = KEPT / f"{fingerprint()}.sqlite3"
    if kept.exists():
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    for former in KEPT.glob("*.sqlite3"):
        former.unlink(missing_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(part)])
    part.replace(kept)

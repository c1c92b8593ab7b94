"""Foreign keys obey the layers too: import-linter does not see those that are written as text."""

from django.apps import apps
from django.conf import settings

from tests.architecture.test_contracts import contracts

OURS = "conclave."


def layers() -> list[set[str]]:
    """Return the domains of each layer, the highest first."""
    text = contracts()["importlinter:contract:domains"]["layers"]
    return [{name.strip().strip("()") for name in line.replace(":", "|").split("|")} for line in text.strip().splitlines()]


def height(domain: str) -> int:
    """Return how high a domain stands; the lowest is 0."""
    for index, names in enumerate(reversed(layers())):
        if domain in names:
            return index
    raise AssertionError(f"{domain} is in no layer")


def test_no_foreign_key_points_up_or_sideways() -> None:
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith(OURS):
            continue
        here = model.__module__.split(".")[1]
        for field in model._meta.get_fields():
            other = field.related_model if field.is_relation and not field.auto_created else None
            if isinstance(other, type) and other.__module__.startswith(OURS):
                there = other.__module__.split(".")[1]
                if there != here and height(there) >= height(here):
                    wrong.append(f"{model.__name__}.{field.name} -> {other.__name__}")
    assert not wrong


def test_framework_tables_point_only_at_people() -> None:
    """allauth and the sessions know the account, and none of our other tables."""
    foreign = [model for model in apps.get_models() if not model.__module__.startswith(OURS)]
    fields = [field for model in foreign for field in model._meta.get_fields() if field.is_relation and not field.auto_created]
    others = [field.related_model for field in fields if isinstance(field.related_model, type)]
    pointed = {other._meta.label for other in others if other.__module__.startswith(OURS)}
    assert pointed <= {settings.AUTH_USER_MODEL}


def test_every_domain_folder_is_an_installed_app_in_a_layer() -> None:
    installed = {name.removeprefix(OURS) for name in settings.INSTALLED_APPS if name.startswith(OURS)}
    assert installed <= set().union(*layers())

"""Finds functions, classes and methods of src/ and deploy/ that nothing but a test uses.

vulture alone reports every model and schema field as unused at the confidence at which it finds functions; fields are not
code, so only what runs is asked about. What a framework calls by name or decorator is listed in pyproject.toml, [tool.vulture].
"""

import re
import sys
from pathlib import Path

from vulture import Vulture
from vulture.config import make_config

SOURCE = Path(__file__).resolve().parents[1] / "src" / "conclave"
KINDS = {"function", "class", "method", "property", "import", "unreachable_code"}


def main() -> None:
    """Print what is dead and exit with 1 if anything is."""
    config = make_config([])
    finder = Vulture(ignore_names=[*config["ignore_names"], *named_in_settings()], ignore_decorators=config["ignore_decorators"])
    finder.scavenge(config["paths"], exclude=config["exclude"])
    dead = [item for item in finder.get_unused_code(min_confidence=config["min_confidence"]) if item.typ in KINDS]
    for item in dead:
        sys.stdout.write(f"{item.get_report()}\n")
    sys.exit(1 if dead else 0)


def named_in_settings() -> set[str]:
    """Return what Django imports by a dotted path in a string: middleware, error pages, adapters."""
    wiring = "".join(path.read_text(encoding="utf-8") for path in (SOURCE / "settings.py", SOURCE / "urls.py"))
    return set(re.findall(r"\"conclave\.[a-z_.]+\.(\w+)\"", wiring))


if __name__ == "__main__":
    main()

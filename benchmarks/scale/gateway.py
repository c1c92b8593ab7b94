"""`python -m benchmarks.scale.gateway PORT`: pages and API as `conclave run` serves them, in one process; nothing in the background.

No media engine runs beside it: a ticket is made without asking one, and whether one is there is looked at in the background.
"""

import sys
from dataclasses import replace

import uvicorn

from conclave import serve
from conclave.config import load


def main() -> None:
    """Serve until a signal."""
    settings = serve._settings(replace(load(), http_port=int(sys.argv[1])))  # noqa: SLF001 - the very same
    settings.lifespan = "off"
    uvicorn.Server(settings).run()


if __name__ == "__main__":
    main()

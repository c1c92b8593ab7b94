"""The one ASGI application: pages and API to Django, sockets to their consumers, lifespan to the background threads."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conclave.settings")
django.setup(set_prefix=False)

# Below, modules import models, so the app registry must be ready first.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from conclave.gate.address import VisitorAddress  # noqa: E402
from conclave.kernel.background import Lifespan  # noqa: E402
from conclave.kernel.bodies import BoundedBodies  # noqa: E402
from conclave.kernel.handler import Handler  # noqa: E402
from conclave.kernel.origin import SameOrigin  # noqa: E402
from conclave.meetings.routing import websocket_urlpatterns  # noqa: E402

# Django's stubs know an application of their own, not asgiref's; channels' a pattern of their own, not Django's.
_pages: Any = Handler()
_sockets: list[Any] = list(websocket_urlpatterns)

application = VisitorAddress(
    ProtocolTypeRouter(
        {
            "http": BoundedBodies(_pages),
            "websocket": SameOrigin(URLRouter(_sockets)),
            "lifespan": Lifespan(),
        },
    )
)

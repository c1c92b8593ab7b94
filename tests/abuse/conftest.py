"""Alice's meeting with its door to the street: Alice and Bob are inside, Charlie is not, or not any more."""

from collections.abc import Callable, Iterator

import pytest

from conclave.keys.mls import WASM
from tests.abuse.strangers import Stranger
from tests.headless.people import Beside
from tests.hostile.conftest import Clients, clients, processes, service
from tests.hostile.delivery import DeliveryService
from tests.journeys.world import Installation

__all__ = ["clients", "processes", "service"]

Street = Callable[[int], Stranger]


@pytest.fixture
def world(server: Installation, service: DeliveryService) -> dict[str, str]:
    """The link as a guest has it."""
    link = service.world
    parts = {"meeting": link.meeting, "secret": link.secret, "host_hash": link.host_hash, "host_key": "", "link_id": service.link_id}
    return {"url": server.url, "wasm": str(WASM), **parts}


@pytest.fixture
def street(world: dict[str, str]) -> Street:
    """Return a function that makes somebody with the link and an address of their own, by its last number: this machine has many."""
    return lambda number: Stranger(url=world["url"], address=f"127.0.0.{number}", world=dict(world))


@pytest.fixture
def crowd(world: dict[str, str]) -> Iterator[Beside]:
    """People with honest clients and the link, all in one process, who do as they are told."""
    with Beside(world) as running:
        yield running


@pytest.fixture
def inside(service: DeliveryService, clients: Clients) -> Clients:
    """Alice, who hosts, and Bob are in the call: `inside("Alice")`."""
    service.gathers(clients("Alice"), clients("Bob"))
    return clients

"""A piece of network between a browser and the media engine that can be cut, and put back as another path: from other ports than before."""

import selectors
import socket
import threading
from typing import Self

LARGEST = 65_535


class Relay:
    """Carries UDP to the engine and back until it is cut."""

    def __init__(self, *, engine_port: int) -> None:
        """Lead to an engine on this machine, from a port with as many digits (the wire writes it over the engine's)."""
        self._engine_port = engine_port
        self._near = _socket_like(engine_port)
        self._far: dict[tuple[str, int], socket.socket] = {}
        self._back: dict[socket.socket, tuple[str, int]] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._near, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._ending = False
        self.is_cut = False
        self.carried = 0

    @property
    def substitution(self) -> tuple[bytes, bytes]:
        """What to write over the engine's candidate, and with what."""
        port = self._near.getsockname()[1]
        return f"127.0.0.1 {self._engine_port} typ".encode(), f"127.0.0.1 {port} typ".encode()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._thread.join(5)
        for one in (self._near, *self._back):
            one.close()
        self._selector.close()

    def cut(self) -> None:
        """Lose everything, and say so to nobody."""
        self.is_cut = True

    def mend(self) -> None:
        """Carry again, on another path: the engine sees other ports."""
        for old in list(self._back):
            self._selector.unregister(old)
            old.close()
        self._far.clear()
        self._back.clear()
        self.is_cut = False

    def _carry(self) -> None:
        """Carry until told to end."""
        while not self._ending:
            for key, _ in self._selector.select(0.1):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                try:
                    data, sender = one.recvfrom(LARGEST)
                    if not self.is_cut:
                        self.carried += 1
                        self._pass(one, data, sender)
                except OSError:
                    continue

    def _pass(self, one: socket.socket, data: bytes, sender: tuple[str, int]) -> None:
        """Carry one packet to the other side."""
        if one is not self._near:
            self._near.sendto(data, self._back[one])
            return
        if sender not in self._far:
            far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            far.connect(("127.0.0.1", self._engine_port))
            self._far[sender], self._back[far] = far, sender
            self._selector.register(far, selectors.EVENT_READ)
        self._far[sender].send(data)


def _socket_like(port: int) -> socket.socket:
    """Return a UDP socket on a port with as many digits as this one."""
    while True:
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(("127.0.0.1", 0))
        if len(str(one.getsockname()[1])) == len(str(port)):
            return one
        one.close()

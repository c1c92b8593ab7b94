"""Our own witness as a supervised child process, for a server that names no other (LEDG-5)."""

import signal
import socket
import sys
from collections.abc import Callable

from conclave.config import Config
from conclave.kernel.child import Child
from conclave.transparency.identity import log_key, origin, own_witness

STOPS = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))


class OwnWitness(Child):
    """One witness process, on a listening socket file that the supervisor keeps."""

    def __init__(self, listener: socket.socket, config: Config, *, say: Callable[[str], None]) -> None:
        """Take the socket on which it answers, and the settings of the server whose ledger it watches."""
        super().__init__(name="The ledger's own witness", where="above", stops=STOPS, say=say)
        self._listener = listener
        self._config = config

    async def start(self) -> None:
        """Start it; whoever asks before it serves waits."""
        state_dir, public_url = self._config.state_dir, self._config.public_url
        listener = self._listener.fileno()
        told = {
            "--log": log_key(state_dir=state_dir, public_url=public_url).vkey,
            "--folder": str(own_witness(state_dir=state_dir)),
            "--name": f"{origin(public_url=public_url)}/witness",
            "--listen": str(listener),
        }
        words = [word for pair in told.items() for word in pair]
        await self._spawn(sys.executable, "-m", "conclave.cli", "witness", *words, hand_over=(listener,))

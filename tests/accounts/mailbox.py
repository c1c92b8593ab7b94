"""A real mail server on loopback: speaks SMTP, keeps what it is given, and refuses whom it is told to."""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What arrived; `port` is where mail is taken."""

    port: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    _kept: list[tuple[str, EmailMessage]] = field(default_factory=list)

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails for this address, oldest first."""
        return [message for to, message in self._kept if to == address]

    def __len__(self) -> int:
        return len(self._kept)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take mail from one client (RFC 5321, as much as a client needs)."""

        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        to: list[str] = []
        await say("220 mailbox")
        while line := (await reader.readline()).decode().strip():
            word = line.split(maxsplit=1)[0].upper()
            if word == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                refusal = self.refused.get(address)
                to += [] if refusal else [address]
                await say(refusal or "250 ok")
            elif word == "DATA":
                await say("354 go on")
                body = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                message = message_from_bytes(body, policy=policy.default)
                assert isinstance(message, EmailMessage)
                self._kept += [(address, message) for address in to]
                to = []
                await say("250 kept")
            elif word == "QUIT":
                await say("221 bye")
                break
            else:
                await say("250 ok")
        writer.close()


def text_of(message: EmailMessage) -> str:
    """Return what a person reads."""
    return str(message.get_content())


def link_in(message: EmailMessage) -> str:
    """Return the path of the mail's one link."""
    found = re.findall(r"http://localhost:[0-9]+(/\S+)", text_of(message))
    assert len(found) == 1, text_of(message)
    return str(found[0])


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a mail server in a thread of its own while the block lasts."""
    mailbox, loop, ready = Mailbox(), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(mailbox.talk, "127.0.0.1", 0)
        mailbox.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stopped.wait()
        server.close()

    stopped = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield mailbox
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)
        loop.close()

"""A real DNS server on loopback, over UDP and TCP, that says what a test wants, lies and falls silent."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from conclave.accounts.challenge import record_name, record_text
from tests.journeys.world import free_ports

SMALLEST = 512


class NameServer:
    """What it knows, and how it misbehaves for some names."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []
        self._records: dict[tuple[str, str], list[str]] = {}
        self._faults: dict[str, str] = {}

    @property
    def resolver(self) -> tuple[str, int]:
        """Address and port, as the setting has them."""
        return "127.0.0.1", self.port

    def clear(self) -> None:
        """Know nothing, answer as it should be, and forget who asked."""
        self._records.clear()
        self._faults.clear()
        self.asked.clear()

    def put(self, name: str, kind: str, *values: str) -> None:
        """Let a name have these records, written as in a zone file; none takes them away."""
        self._records[name.lower(), kind] = list(values)

    def prove(self, domain: str, token: str) -> None:
        """Put a claim's record into a domain, beside those that are there."""
        name = record_name(domain=domain)
        self.put(name, "TXT", *self._records.get((name, "TXT"), []), f'"{record_text(token=token)}"')

    def forget(self, domain: str) -> None:
        """Take all claims' records out of a domain."""
        self.put(record_name(domain=domain), "TXT")

    def misbehave(self, name: str, fault: str) -> None:
        """Answer for this name with: silent, servfail, another id, another question, garbage; or with nothing of the kind."""
        self._faults[name.lower()] = fault

    def answer(self, wire: bytes, *, datagram: bool) -> bytes | None:
        """Return what is sent back."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        fault = self._faults.get(name, "")
        if fault == "silent":
            return None
        if fault == "garbage":
            return wire[:2] + b"\xff" * 40
        response = dns.message.make_response(query, recursion_available=True)
        if fault == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, name, dns.rdatatype.to_text(question.rdtype))
        if fault == "another id":
            response.id ^= 1
        if fault == "another question":
            response.question[0].name = dns.name.from_text("elsewhere.example")
        if not datagram:
            return response.to_wire(max_size=65535)
        return response.to_wire(max_size=query.payload or SMALLEST, prefer_truncation=True)

    def _fill(self, response: dns.message.Message, name: str, kind: str) -> None:
        """Answer with what is known, through aliases."""
        while alias := self._records.get((name, "CNAME")):
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "CNAME", *alias))
            name = alias[0].removesuffix(".").lower()
        found = self._records.get((name, kind))
        if found:
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *found))
        elif not any(known == name and values for (known, _kind), values in self._records.items()):
            response.set_rcode(dns.rcode.NXDOMAIN)


class _Datagrams(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, sock = self.request
        answer = self.server.names.answer(wire, datagram=True)  # type: ignore[attr-defined]
        if answer is not None:
            sock.sendto(answer, self.client_address)


class _Streams(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        length = int.from_bytes(self.rfile.read(2), "big")
        answer = self.server.names.answer(self.rfile.read(length), datagram=False)  # type: ignore[attr-defined]
        if answer is not None:
            self.wfile.write(len(answer).to_bytes(2, "big") + answer)


class _UDP(socketserver.ThreadingUDPServer):
    names: NameServer
    allow_reuse_address = False
    daemon_threads = True


class _TCP(socketserver.ThreadingTCPServer):
    names: NameServer
    allow_reuse_address = True
    daemon_threads = True
    address_family = socket.AF_INET


@contextmanager
def name_servers(count: int = 2) -> Iterator[list[NameServer]]:
    """Run so many name servers, each on a port of its own."""
    servers: list[_UDP | _TCP] = []
    threads: list[threading.Thread] = []
    names: list[NameServer] = []
    try:
        for port in free_ports(count):
            one = NameServer(port)
            for server in (_UDP(("127.0.0.1", port), _Datagrams), _TCP(("127.0.0.1", port), _Streams)):
                server.names = one
                servers.append(server)
                threads.append(threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True))
                threads[-1].start()
            names.append(one)
        yield names
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join(5)

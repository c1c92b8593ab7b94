"""`conclave-verify CHECK …`: the command line of the checks; `./conclave verify` is the same."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conclave_verify import client
from conclave_verify.fetch import Unreachable

if TYPE_CHECKING:
    from conclave_verify import receipt

# A receipt that some key signed, and nobody said that it is the server's.
WHOSE = 3
BUILT = Path(__file__).resolve().parents[2] / "web" / "dist"


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one check.

    Args:
        arguments: the words after the command's name; those of this process by default.

    Returns:
        0 when all is as it must be, 1 when something is not, 2 when it could not be looked at, 3 when nobody said whose key a
        receipt must be signed with.
    """
    parser = argparse.ArgumentParser(prog="conclave verify", description="Checks that need no trust in the server.")
    checks = parser.add_subparsers(dest="check", required=True, metavar="CHECK")
    about = checks.add_parser("client", help="does a server give visitors the client that was built from this source, and nothing else?")
    about.add_argument("url", metavar="URL", help="where the installation answers")
    about.add_argument("--built", type=Path, default=BUILT, metavar="PATH", help="the built client, or its list as sha256sum writes it")
    about.add_argument("--policy", type=Path, metavar="FILE", help="whom to believe: then also whether the public ledger names this client")
    record = checks.add_parser("attendance", help="is a saved list of who held a call's key what a host of that meeting signed?")
    record.add_argument("file", type=Path, metavar="FILE", help="the list, as a host saved it with its signature")
    record.add_argument("--link", metavar="LINK", help="the meeting it must be of; the secret between # and the dot may be left out")
    route = checks.add_parser("receipt", help="is a saved receipt of a call signed by its server, and was each region on every list?")
    route.add_argument("file", type=Path, metavar="FILE", help="the receipt, as it was saved from the call or from the meeting's page")
    route.add_argument("--key", metavar="KEY", help="the server's receipt key, as it publishes it")
    route.add_argument("--link", metavar="LINK", help="the meeting it must be of; the secret between # and the dot may be left out")
    about = checks.add_parser("ledger", help="is a server's public ledger whole and signed, and do openings and proofs fit it?")
    about.add_argument(
        "where", nargs="?", metavar="WHERE", help="its address, such as https://meet.example/transparency, or a folder with its files"
    )
    about.add_argument(
        "--policy", type=Path, required=True, metavar="FILE", help="whom to believe: the log, its witnesses, how many of them"
    )
    about.add_argument("--before", type=Path, metavar="FILE", help="a checkpoint that was kept from an earlier time")
    about.add_argument(
        "--openings", type=Path, action="append", default=[], metavar="FILE", help="what opens fields of its entries; may be repeated"
    )
    about.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the files that are fetched, for others and for the next time")
    about.add_argument("--proof", type=Path, metavar="FILE", help="check a proof that concerns somebody, alone or beside the ledger")
    about = checks.add_parser("report", help="does each number of a transparency report follow from the ledger?")
    about.add_argument("report", type=Path, metavar="REPORT", help="the report, as JSON")
    about.add_argument("where", metavar="WHERE", help="the ledger: its address, or a folder with its files")
    about.add_argument(
        "--policy", type=Path, required=True, metavar="FILE", help="whom to believe: the log, its witnesses, how many of them"
    )
    about.add_argument("--openings", type=Path, required=True, metavar="FILE", help="the openings that came with the report")
    about.add_argument("--previous", type=Path, metavar="REPORT", help="the report before it, unless it is the first")
    about.add_argument("--proof", type=Path, metavar="FILE", help="the proof that the ledger names this report")
    chosen = parser.parse_args(arguments)
    if chosen.check == "ledger" and not (chosen.where or chosen.proof):
        about.error("name the ledger, or a proof")
    return {"attendance": _attendance, "receipt": _receipt, "client": _client, "ledger": _ledger, "report": _ledger}[chosen.check](chosen)


def _client(chosen: argparse.Namespace) -> int:
    """Look at what a server gives, and say what was found."""
    try:
        result = client.check(url=chosen.url, wanted=client.hashes(built=chosen.built))
    except (client.NoList, Unreachable) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for finding in result.findings:
        sys.stdout.write(f"{finding.code:<15} {finding.where}: {finding.what}.\n")
    sys.stdout.write(_verdict(chosen.url, result))
    named = _named(chosen) if chosen.policy else 0
    return 1 if result.findings else named


def _named(chosen: argparse.Namespace) -> int:
    """Say whether the server's public ledger names the client that was built."""
    from conclave_verify import quorum, release  # without a policy nothing but Python is needed
    from conclave_verify.merkle import Wrong
    from conclave_verify.note import Forged, Malformed

    try:
        policy = quorum.parse(chosen.policy.read_bytes())
        found = release.check(url=chosen.url, wanted=client.hashes(built=chosen.built), policy=policy)
    except (release.NoEntry, Unreachable) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename} cannot be read: {error.strerror}.\n")
        return 2
    except (Malformed, Forged, quorum.Unsigned, Wrong) as error:
        sys.stdout.write(f"NOT good. {error}\n")
        return 1
    sys.stdout.write(f"Good: entry {found.index} of its public ledger names this client, version {_printable(found.version)}.\n")
    sys.stdout.write(f"That was its ledger of {found.size} entries; whether a later one names another client, a larger tree would say.\n")
    return 0


def _attendance(chosen: argparse.Namespace) -> int:
    """Judge a list of who held a call's key, and print it."""
    from conclave_verify import attendance  # the other checks need nothing but Python

    try:
        record = attendance.check(path=chosen.file, link=attendance.parse_link(chosen.link) if chosen.link else None)
    except attendance.Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except attendance.Wrong as error:
        sys.stdout.write(f"NOT good. {error}\n")
        return 1
    for stay in record.stays:
        name = _printable(stay.name)
        until = "here still" if stay.until is None else f"{stay.until:%Y-%m-%d %H:%M:%S}"
        sys.stdout.write(f"{stay.since:%Y-%m-%d %H:%M:%S}  {until:<19}  {name} ({stay.known})\n")
    by = "a co-host" if record.co_host else "the host"
    sys.stdout.write(
        f"Good: {by} of meeting {record.meeting} signed this at {record.made:%Y-%m-%d %H:%M:%S} UTC, and nobody changed it since.\n"
    )
    if not chosen.link:
        sys.stdout.write(f"Compare: the link of that meeting ends in .{record.host_hash}; a list of another host does not.\n")
    sys.stdout.write("It is that host's word on who held the key. It does not show who sat behind a name.\n")
    return 0


def _receipt(chosen: argparse.Namespace) -> int:
    """Judge a routing receipt, and print where the call was held."""
    from conclave_verify import attendance, receipt  # the other checks need nothing but Python

    try:
        found = receipt.check(path=chosen.file, key=chosen.key, link=chosen.link)
    except attendance.Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except attendance.Wrong as error:
        sys.stdout.write(f"NOT good. {error}\n")
        return 1
    for one in found:
        _tell_route(one, known=chosen.key is not None)
    if not found:
        sys.stdout.write("The file has no receipt: no call has been held yet.\n")
    if chosen.key is None:
        sys.stdout.write("Anybody can make a key. The server shows its own on its page /trust: give that with --key.\n")
        return WHOSE
    sys.stdout.write("It is the server's word on its media engines. How carriers led the packets there it cannot know.\n")
    return 0


def _tell_route(found: "receipt.Receipt", *, known: bool) -> None:
    """Print where a call was held, and whose word that is."""
    for stop in found.stops:
        where = f"{stop.region} ({stop.territory})" if stop.territory else stop.region
        sys.stdout.write(f"{stop.since:%Y-%m-%d %H:%M:%S}  {_printable(where)}  {_printable(stop.why)}\n")
    until = "it goes on" if found.until is None else f"it ended at {found.until:%Y-%m-%d %H:%M:%S} UTC"
    who = f"Good: {_printable(found.issuer)}" if known else f"Whoever holds the key {found.key}, and says to be {_printable(found.issuer)},"
    sys.stdout.write(f"{who} signed this, each region was on every list that it names, and {until}.\n")
    if found.observed:
        sys.stdout.write(f"{found.observed} times a browser wrote down where its media went: always to an address of the region.\n")


def _printable(text: str) -> str:
    """Return text that moves nothing on a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _ledger(chosen: argparse.Namespace) -> int:
    """Judge a ledger, a proof, both, or a report, and say what was found."""
    from conclave_verify import ledger, quorum
    from conclave_verify.merkle import Wrong
    from conclave_verify.note import Forged, Malformed

    try:
        lines = _judged_report(chosen) if chosen.check == "report" else _judged_ledger(chosen)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    except (ledger.Missing, Unreachable) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename} cannot be read: {error.strerror}.\n")
        return 2
    except (Malformed, Forged, quorum.Unsigned, Wrong) as error:
        sys.stdout.write(f"NOT good. {error}\n")
        return 1
    return 0


def _judged_ledger(chosen: argparse.Namespace) -> list[str]:
    """Return what is good in a ledger, a proof, or both; anything else is raised."""
    from conclave_verify import ledger, proof, quorum, words

    policy = quorum.parse(chosen.policy.read_bytes())
    said: list[str] = []
    if chosen.where:
        files = ledger.source(chosen.where, keep=chosen.keep)
        before = chosen.before.read_bytes() if chosen.before else None
        openings = [ledger.lines_of(path) for path in chosen.openings]
        said += words.of_ledger(ledger.check(files=files, policy=policy, before=before, openings=openings))
    if chosen.proof:
        said += words.of_proof(proof.check(proof=proof.parse(chosen.proof.read_bytes()), policy=policy))
    return said


def _judged_report(chosen: argparse.Namespace) -> list[str]:
    """Return what is good in a report; anything else is raised."""
    from conclave_verify import ledger, proof, quorum, report, words

    policy, told = quorum.parse(chosen.policy.read_bytes()), report.parse(chosen.report.read_bytes())
    previous = report.parse(chosen.previous.read_bytes()) if chosen.previous else None
    result = report.check(report=told, files=ledger.source(chosen.where), policy=policy, openings=chosen.openings, previous=previous)
    said = [*words.of_ledger(result), *words.of_report(told)]
    if chosen.proof:
        report.check_logged(report=told, proved=proof.check(proof=proof.parse(chosen.proof.read_bytes()), policy=policy))
        said.append("The ledger itself names this report.")
    return said


def _verdict(url: str, result: client.Result) -> str:
    """Return what it means, with what it does not."""
    looked = f"Looked at {result.pages} pages and {result.files} files of {url}."
    if result.findings:
        return f"{looked} NOT the client that was built from this source: {len(result.findings)} findings.\n"
    return (
        f"{looked} Each file is the one that was built, and the pages let nothing else run.\n"
        "That is what the server gave to this machine now. Ask from other places and at other times to know more.\n"
    )


def program() -> None:
    """Run as a program of its own."""
    sys.exit(main())


if __name__ == "__main__":
    program()

"""`conclave-verify client URL`: the command line of the checks; `./conclave verify` is the same."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from conclave_verify import client
from conclave_verify.fetch import Unreachable

BUILT = Path(__file__).resolve().parents[2] / "web" / "dist"


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one check.

    Args:
        arguments: the words after the command's name; those of this process by default.

    Returns:
        0 when all is as it must be, 1 when something is not, 2 when it could not be looked at.
    """
    parser = argparse.ArgumentParser(prog="conclave verify", description="Checks that need no trust in the server.")
    checks = parser.add_subparsers(dest="check", required=True, metavar="CHECK")
    about = checks.add_parser("client", help="does a server give visitors the client that was built from this source, and nothing else?")
    about.add_argument("url", metavar="URL", help="where the installation answers")
    about.add_argument("--built", type=Path, default=BUILT, metavar="PATH", help="the built client, or its list as sha256sum writes it")
    chosen = parser.parse_args(arguments)
    try:
        result = client.check(url=chosen.url, wanted=client.hashes(built=chosen.built))
    except (client.NoList, Unreachable) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for finding in result.findings:
        sys.stdout.write(f"{finding.code:<15} {finding.where}: {finding.what}.\n")
    sys.stdout.write(_verdict(chosen.url, result))
    return 1 if result.findings else 0


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

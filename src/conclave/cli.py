"""`./conclave`: parses the command line and calls one function or one program per command."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from conclave.config import ROOT, ConfigError, load


def main() -> None:
    """Carry out one command and exit with its code."""
    arguments = _parser().parse_args()
    try:
        code = COMMANDS[arguments.command](arguments)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        code = 2
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    parser = argparse.ArgumentParser(prog="conclave", description="Self-hosted, end-to-end encrypted video meetings.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="start the server and its media engine on this machine")
    reach = run.add_mutually_exclusive_group()
    reach.add_argument("--lan", action="store_true", help="serve HTTPS to the local network; prints address, QR code and fingerprint")
    reach.add_argument("--domain", metavar="NAME", help="serve HTTPS under this name, with a certificate it obtains by itself")
    run.add_argument("--regions", metavar="NAMES", help="start a media engine for each of these regions, as fr,de,us, on this machine")
    test = commands.add_parser("test", help="run every check; what CI runs")
    test.add_argument("--fast", action="store_true", help="leave out browsers and slow tests; about two minutes")
    test.add_argument("--sabotage", action="store_true", help="also break the code in known ways and demand that a test notices")
    test.add_argument("--soak", action="store_true", help="also run the long random tests")
    test.add_argument("--only", metavar="STEP", action="append", default=[], help="run only this step; may be repeated")
    bench = commands.add_parser("bench", help="run the benchmarks; the last line is JSON")
    bench.add_argument("name", nargs="?", metavar="NAME", help="one of benchmarks/*.py; all of them by default")
    doctor = commands.add_parser("doctor", help="say what works on this machine, what does not, and what to do")
    doctor.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("build", help="build the client and the media engine without starting them, as an upgrade of a service needs")
    verify = commands.add_parser("verify", add_help=False, help="check a server from outside, without trusting it")
    verify.add_argument("words", nargs=argparse.REMAINDER)
    witness = commands.add_parser("witness", help="cosign the public ledgers of servers, so that none can rewrite its own")
    witness.add_argument(
        "--log", metavar="KEY", action="append", default=[], help="the key of a ledger, as its server shows it; may be repeated"
    )
    witness.add_argument("--folder", metavar="FOLDER", type=_path, default="witness", help="where its key and its memory are kept")
    witness.add_argument(
        "--name", metavar="NAME", default="", help="what it is called from its first start on, such as witness.example.org"
    )
    witness.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:7884", help="where it answers")
    _admin_parser(commands.add_parser("admin", help="look after the server: access, backups, the audit journal"))
    return parser


def _admin_parser(admin: argparse.ArgumentParser) -> None:
    """Add what whoever holds the terminal can do."""
    acts = admin.add_subparsers(dest="act", required=True, metavar="ACT")
    owner_link = acts.add_parser("owner-link", help="print a link that sets an account's password and removes its second factors")
    owner_link.add_argument("email", nargs="?", metavar="EMAIL", help="whose account; without it, the first owner's")
    address = acts.add_parser("address", help="give an account another e-mail address")
    address.add_argument("email", metavar="OLD", help="the address that the account has")
    address.add_argument("new", metavar="NEW", help="the address that it gets")
    report = acts.add_parser("report", help="make and publish a transparency report of the public ledger now, while the server runs")
    report.add_argument("period", metavar="HALF-YEAR", help="what it is called, such as 2026H2")
    report.add_argument("file", nargs="?", type=_path, metavar="FOLDER", help="a new folder for a copy of its files")
    # Only the server says so to the process that it begins beside itself: it is not to outlive it.
    report.add_argument("--at-most", type=int, metavar="SECONDS", help=argparse.SUPPRESS)
    acts.add_parser("journal", help="tell whether somebody changed the audit journal")
    export = acts.add_parser("export", help="write everything about one person into one archive")
    export.add_argument("email", metavar="ADDRESS", help="whose account")
    export.add_argument("file", nargs="?", type=_path, metavar="FILE", help="where; by default in the folder you are in")
    erase = acts.add_parser("erase", help="erase one person at once: account, meetings, everything")
    erase.add_argument("email", metavar="ADDRESS", help="whose account")
    erase.add_argument("--yes", action="store_true", help="it is meant; without it, nothing is done")
    retention = acts.add_parser("retention", help="let go of what is kept no longer, as the running server does by itself")
    retention.add_argument("--dry-run", action="store_true", help="only say how much that would be")
    back_up = acts.add_parser("backup", help="write everything the server keeps into one file, also while it runs")
    back_up.add_argument("file", nargs="?", type=_path, metavar="FILE", help="where; by default in the state folder's backup/")
    restore = acts.add_parser("restore", help="put a backup in the place of the installation, all of it or nothing")
    restore.add_argument("file", type=_path, metavar="FILE", help="the backup")
    restore.add_argument("--replace", action="store_true", help="also where there is an installation, which is put aside")


def _path(text: str) -> Path:
    """Return a path as seen from where the person is."""
    return Path(text).expanduser().resolve()


def _run(arguments: argparse.Namespace) -> int:
    """Build what is missing, then serve until Ctrl-C."""
    from conclave.run import RunError, run

    # As variables, because every part of the server reads its settings from there.
    if arguments.lan:
        os.environ["CONCLAVE_LAN"] = "true"
    if arguments.domain:
        os.environ["CONCLAVE_DOMAIN"] = arguments.domain
    if arguments.regions:
        os.environ["CONCLAVE_REGIONS"] = arguments.regions
    config = load()
    code = _build(arguments)
    if code:
        return code
    try:
        run(config=config)
    except RunError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _test(arguments: argparse.Namespace) -> int:
    """Run the suite in a process of its own."""
    flags = [f"--{name}" for name in ("fast", "sabotage", "soak") if getattr(arguments, name)]
    return _python("-m", "tests.suite", *flags, *(part for step in arguments.only for part in ("--only", step)))


def _bench(arguments: argparse.Namespace) -> int:
    """Run one benchmark or, one after the other, all."""
    known = sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))
    if arguments.name and arguments.name not in known:
        sys.stderr.write(f"There is no benchmark '{arguments.name}'; there are: {', '.join(known) or 'none yet'}.\n")
        return 2
    code = _build(arguments)
    return code or max((_python("-m", f"benchmarks.{name}") for name in ([arguments.name] if arguments.name else known)), default=0)


def _admin(arguments: argparse.Namespace) -> int:
    """Do what the person at the terminal may do, beside the running server."""
    from conclave.admin import main as admin
    from conclave.kernel.child import limit_myself

    typed = {name: value for name, value in vars(arguments).items() if name != "command"}
    at_most = typed.pop("at_most", None)
    if at_most is not None:
        limit_myself(seconds=at_most)
    return admin(**typed)


def _build(_arguments: argparse.Namespace) -> int:
    """Build what is missing."""
    return _python("-m", "deploy.build", "web", "engine", "geo", *(["tls"] if load().tls else []))


def _doctor(arguments: argparse.Namespace) -> int:
    """Look at everything a server needs."""
    from conclave.doctor import main as doctor

    return doctor(as_json=arguments.json)


def _verify(arguments: argparse.Namespace) -> int:
    """Check what an outsider checks."""
    from conclave_verify.__main__ import main as verify

    return verify(arguments.words)


def _witness(arguments: argparse.Namespace) -> int:
    """Be a witness until Ctrl-C."""
    from conclave.transparency.witness import serve

    return serve(logs=arguments.log, folder=arguments.folder, name=arguments.name, where=arguments.listen)


def _python(*arguments: str) -> int:
    """Run a module of this checkout with this Python and return its exit code."""
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=dict(os.environ)) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the child got it too, and says what it stopped
                continue


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "test": _test,
    "bench": _bench,
    "build": _build,
    "doctor": _doctor,
    "admin": _admin,
    "verify": _verify,
    "witness": _witness,
}

if __name__ == "__main__":
    main()

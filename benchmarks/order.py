"""How fast an order of an authority is carried out in a call of 200, a fifth of whom it is about, and how little the others notice.

The court, the desk and its passkeys are real and go over HTTP; everybody is a headless member with the browsers' MLS module, those in the
territory come by a way of their own (tests/journeys/abroad.py), and each of them has a real connection to the media engine, from a client
that closes nothing by itself. Some of the others have one too. What is measured begins when the witness has cosigned: how long that takes
from the second approval on is told apart. The members share this machine's processors with the gateway, the media engine and the browser,
so the figures are an upper bound.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from benchmarks.bare.page import BarePage
from benchmarks.removal import FLOWING_MS, LATE_SECONDS, Stand, enter, listeners, p95
from tests.headless.people import Beside, new_meeting
from tests.journeys.abroad import Way, databases
from tests.journeys.browsers import until
from tests.journeys.office import Office
from tests.journeys.world import Installation, installation

MEMBERS, COVERED, WATCHING, ROUNDS = 200, 40, 5, 3
CUT_SECONDS, EPOCH_SECONDS = 1.0, 3.0
TERRITORY = "CN"
CROWDS = 2
PATIENCE_SECONDS = 300.0


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.order")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--covered", type=int, default=COVERED, help="how many of them the order is about")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conclave-order-")))
        server = installation(folder / "var", extra={"CONCLAVE_GEO_DIR": str(databases(folder / "geo"))})
        stack.callback(server.stop)
        server.start()
        rounds = measure(stack, server, folder, members=arguments.members, covered=arguments.covered, rounds=arguments.rounds)
    result = figures(rounds, members=arguments.members)
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How one order went, in seconds from the cosigned leaf on: until each one's last media, and until each of the others was in an epoch
    without each of them. `cosign` is from the second approval on; `load` is the machine's before it.
    """

    cosign: float
    acted: float
    cuts: list[float]
    epochs: list[float]
    disconnects: list[str]
    complaints: list[str]
    load: float


def figures(rounds: list[Round], *, members: int) -> dict[str, Any]:
    """Return what is printed."""
    cuts, epochs = [cut for one in rounds for cut in one.cuts], [epoch for one in rounds for epoch in one.epochs]
    cut, epoch = p95(cuts), p95(epochs)
    disconnects = [name for one in rounds for name in one.disconnects]
    complaints = [text for one in rounds for text in one.complaints]
    return {
        "name": "order",
        "goal": f"cut_p95_s <= {CUT_SECONDS}, epoch_p95_s <= {EPOCH_SECONDS}, untouched_disconnects = 0",
        "ok": cut <= CUT_SECONDS and epoch <= EPOCH_SECONDS and not disconnects and not complaints,
        "cut_p95_s": round(cut, 3),
        "epoch_p95_s": round(epoch, 3),
        "untouched_disconnects": len(disconnects),
        "cosign_s": [round(one.cosign, 3) for one in rounds],
        "acted_s": [round(one.acted, 3) for one in rounds],
        "cut_median_s": round(statistics.median(cuts), 3),
        "epoch_median_s": round(statistics.median(epochs), 3),
        "members": members,
        "covered": len(rounds[0].cuts),
        "rounds": len(rounds),
        "load": [round(one.load, 1) for one in rounds],
        "disconnects": disconnects[:5],
        "complaints": complaints[:5],
    }


@dataclass(kw_only=True)
class Call:
    """The call, the page with the media connections of some, and the desk."""

    stands: list[Stand]
    office: Office
    page: Page
    meeting: str
    way: Way
    members: int
    watching: list[str]
    # Sockets that were lost before the round that runs.
    lost: int = 0

    def ask(self, do: str, **said: object) -> list[Any]:
        """Ask every process of members something, at the same time."""
        asked = [stand.beside.begin(do, **said) for stand in self.stands]
        return [one.result(PATIENCE_SECONDS) for one in asked]

    def come(self, names: list[str], *, url: str = "") -> None:
        """Let these join, all at once and over both processes."""
        more = {"url": url} if url else {}
        asked = [self.stand(number).beside.begin("join", name=name, **more) for number, name in enumerate(names)]
        for one in asked:
            one.result(PATIENCE_SECONDS)

    def stand(self, number: int) -> Stand:
        """Return the process in which the member of this number lives."""
        return self.stands[number % len(self.stands)]

    def received(self, names: list[str]) -> list[float]:
        """Return for each of these when media came last, in ms since 1970: the later of sound and picture."""
        found = self.page.evaluate("(all) => Promise.all(all.map((who) => received(who)))", names)
        return [max((one["at"] for one in each.values()), default=0.0) for each in found]

    def flowing(self, names: list[str]) -> bool:
        """Tell whether media has come to all of these just now."""
        now = time.time() * 1000
        return all(now - at < FLOWING_MS for at in self.received(names))


def measure(stack: ExitStack, server: Installation, folder: Path, *, members: int, covered: int, rounds: int) -> list[Round]:
    """Fill the call, let orders be carried out, and return how they went."""
    way = Way(TERRITORY, server.http_port)
    stack.callback(way.close)
    world = new_meeting(url=server.url, meet_now=server.meet_now_link)
    office = stack.enter_context(Office(server))
    engine = BarePage(engine_port=server.engine_port, state=server.state)
    stack.callback(engine.close)
    page = stack.enter_context(listeners(server, folder))
    stands = [Stand(server=server, beside=stack.enter_context(Beside(world)), page=page, members=members) for _ in range(CROWDS)]
    watching = [f"Guest {number}" for number in range(WATCHING)]
    call = Call(stands=stands, office=office, page=page, meeting=world["meeting"], way=way, members=members, watching=watching)
    stands[0].beside.ask("join", name="Alice", host=True)
    call.come([f"Guest {number}" for number in range(members - covered - 1)])
    enter(stands[0], "Alice", publishes=True)
    for number, name in enumerate(watching):
        enter(call.stand(number), name)
    done = []
    for number in range(rounds):
        there = [f"Covered {number}.{one}" for one in range(covered)]
        call.come(there, url=way.url)
        call.ask("settled", size=members)
        for one, name in enumerate(there):
            enter(call.stand(one), name)
        done.append(carry_out(call, there))
        sys.stdout.write(
            f"{number + 1}  cut {p95(done[-1].cuts):.3f} s   epoch {p95(done[-1].epochs):.3f} s   cosign {done[-1].cosign:.3f} s\n"
        )
        sys.stdout.flush()
    return done


def carry_out(call: Call, there: list[str]) -> Round:
    """Let an order about these be carried out, and end; return how it went."""
    order = str(call.office.ask("orders", claimed=TERRITORY)["order"])
    call.office.ask("narrows", order=order, meeting=call.meeting, territory=TERRITORY)
    call.office.ask("approves", order=order, by="Ann")
    until(lambda: call.flowing([*there, *call.watching]), what="everybody hears and sees", seconds=60.0)
    before = {state["name"]: state for report in call.ask("report") for state in report["states"]}
    load = os.getloadavg()[0]
    call.office.ask("approves", order=order, by="Ben")
    size = call.members - len(there)

    def apart() -> bool:
        states = [state for report in call.ask("report") for state in report["states"] if state["name"] not in there]
        return {state["size"] for state in states} == {size}

    until(apart, what="the others go on without them", seconds=60.0)
    time.sleep(LATE_SECONDS)
    reports = call.ask("report")
    times = call.office.ask("times", order=order)
    cosigned = int(times["cosigned"])
    ids = [before[name]["participant"] for name in there]
    # Of those who are out the first few may have seen others go: the last times are those of the members who are left.
    epochs = [
        (at - cosigned) / 1000 for who in ids for at in sorted(at for report in reports for at in report["removed"].get(who, []))[-size:]
    ]
    cuts = [max(0.0, at - cosigned) / 1000 for at in call.received(there)]
    disconnects = noticed(call, reports, there)
    call.office.ask("expires", order=order)
    for number, name in enumerate(there):
        call.stand(number).beside.ask("leave", name=name)
    return Round(
        cosign=(cosigned - int(times["quorum"])) / 1000,
        acted=(int(times["acted"]) - cosigned) / 1000,
        cuts=cuts,
        epochs=epochs,
        disconnects=disconnects,
        complaints=[text for report in reports for text in report["refused"]],
        load=load,
    )


def noticed(call: Call, reports: list[dict[str, Any]], there: list[str]) -> list[str]:
    """Return which of the others lost their seat, their socket or their media; and who of those in the territory lost nothing."""
    states = {state["name"]: state["gone"] for report in reports for state in report["states"]}
    lost = [name for name, gone in states.items() if (gone is not None) != (name in there)]
    sockets = [text for report in reports for text in report["lost"] if text.partition(":")[0] not in there]
    silent = [name for name in call.watching if not call.flowing([name])]
    fresh = sockets[call.lost :]
    call.lost = len(sockets)
    return [*lost, *fresh, *(f"media: {name}" for name in silent)]


if __name__ == "__main__":
    main()

"""docs/protocol/delivery.qnt, run by Quint: what leases, compare-and-set, deadlines and removals promise holds in every run tried.

Quint's simulator tries random runs, the same ones each time; a rule taken out must be noticed, and rare things must have been met.
"""

import re
import subprocess
from pathlib import Path

import pytest

from conclave.keys import arrive, incarnation, lease, step
from tests.conftest import TIMES, longer
from tests.journeys import packages

pytestmark = pytest.mark.slow
HERE = Path(__file__).resolve().parent
MODEL = HERE.parents[1] / "docs" / "protocol" / "delivery.qnt"
SAMPLES = 400
# Ends at the first run in which the property fails.
SAMPLES_OF_BROKEN = 2_000
STEPS = 60
PROPERTIES = ("onePerEpoch", "fenced", "removalsKept", "notToTheLeaving", "stuckEnds", "progress")
# What a run may meet, and in which of the two worlds it must have been met.
MEETS = {
    "sound": ("rivals", "candidates", "removed", "replaced", "stuck", "orphaned", "nacked", "leftOut", "distrusted", "far"),
    "fair": ("rivals", "candidates", "removed", "replaced", "far"),
}
# Each rule taken out, and the property that must notice.
BROKEN = {
    "set_without_compare": "onePerEpoch",
    "any_lease_will_do": "fenced",
    "removals_may_be_omitted": "removalsKept",
    "leases_for_the_leaving": "notToTheLeaving",
    "stuck_for_ever": "stuckEnds",
    "one_lease_an_epoch": "progress",
}


def simulate(world: str, *more: str, samples: int = SAMPLES) -> subprocess.CompletedProcess[str]:
    """Let Quint try runs of one of the file's worlds."""
    quint = packages.modules(HERE) / ".bin" / "quint"
    command = [str(quint), "run", str(MODEL), f"--main={world}", "--backend=typescript", "--verbosity=1"]
    command += [] if TIMES > 1 else ["--seed=1"]
    command += [f"--max-samples={longer(samples)}", f"--max-steps={STEPS}", "--invariants", *PROPERTIES, *more]
    return subprocess.run(command, env=packages.environment(), capture_output=True, text=True, check=False, timeout=600 * TIMES)


@pytest.mark.parametrize("world", list(MEETS))
def test_what_the_rules_promise_holds_in_every_run(world: str) -> None:
    """LOG-1, LOG-3, LOG-4, LOG-8, LOG-11; in the fair world also that an announcement is spent in time (I9)."""
    ran = simulate(world, "--witnesses", *MEETS[world])
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr
    assert "[ok] No violation found" in ran.stdout
    met = {name: int(count) for name, count in re.findall(r"^(\w+) was witnessed in (\d+) trace", ran.stdout, re.MULTILINE)}
    assert set(met) == set(MEETS[world])
    assert min(met.values()) > 0, met


@pytest.mark.parametrize(("rule", "noticed"), list(BROKEN.items()))
def test_a_rule_taken_out_is_noticed(rule: str, noticed: str) -> None:
    ran = simulate(rule, samples=SAMPLES_OF_BROKEN)
    assert ran.returncode == 1, ran.stdout[-4000:] + ran.stderr
    assert "[violation]" in ran.stdout
    assert re.findall(r"❌ (\w+)", ran.stdout) == [noticed], ran.stdout[-4000:]


def test_the_models_times_are_the_services() -> None:
    """Half seconds; the batch of 250 ms is rounded up, and the rekey, which has no other effect than to be due, comes sooner."""
    text = MODEL.read_text(encoding="utf-8")
    told = {name: 500 * int(value) for name, value in re.findall(r"pure val ([A-Z_]+) = (\d+)\b", text)}
    assert (told["DIGEST"], told["NEXT"], told["NEXT_REMOVAL"]) == (lease.BATCH_LARGE_MS, lease.NEXT_MS, lease.NEXT_REMOVAL_MS)
    assert (told["STUCK"], told["ORPHAN"]) == (step.STUCK_MS, step.ORPHAN_MS)
    assert (told["CREATE"], told["LOST"]) == (incarnation.CREATE_MS, arrive.LOST_MS)
    assert f"LEFT_BEHIND = {step.LEFT_BEHIND}" in text

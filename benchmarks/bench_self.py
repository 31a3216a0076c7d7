"""Whether `evo bench --against` is to be believed: no false alarms, and a level slowed by a tenth is found.

python benchmarks/bench_self.py [--repetitions N] [--time 85s] [--task TASK] [--quiet-machine]

One benchmark is measured and kept; then as many others are held against it, in which nothing has changed but
one level of our own, whose every step waits a tenth longer. Meanwhile another process comes and goes. What
came of it is written to results/bench_self.json and told in a line a repetition.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Any

from measure import circumstances

HERE = Path(__file__).parent
SHARE = 0.1
_SLOWED = """\
import os
from time import perf_counter_ns

from autograd_cli.tasks.{task}.autograd import {level} as Level

WAIT_NS = int(os.environ.get("EVO_BENCH_WAIT_NS", "0"))


class Slowed(Level):
    def update(self):
        super().update()
        end_ns = perf_counter_ns() + WAIT_NS
        while perf_counter_ns() < end_ns:
            pass
"""


@contextmanager
def company(wanted: bool) -> Iterator[None]:
    """Another process, which computes for some seconds, rests for some, and comes again."""
    over = threading.Event()

    def come_and_go() -> None:
        dice = random.Random(0)
        while not over.is_set():
            busy = subprocess.Popen([sys.executable, "-c", "while True: sum(range(10000))"])
            over.wait(dice.uniform(1, 8))
            busy.kill()
            busy.wait()
            over.wait(dice.uniform(1, 8))

    thread = threading.Thread(target=come_and_go)
    if wanted:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if wanted:
            thread.join()


def bench(options: list[str], wait_ns: int, *more: str) -> Any:
    """What `evo bench` says with these options, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "autograd_cli", "bench", *options, "--format", "json", *more],
        env=os.environ | {"EVO_BENCH_WAIT_NS": str(wait_ns)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    """Measure both, tell, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--time", default="85s")
    parser.add_argument("--task", default="mlp")
    parser.add_argument("--quiet-machine", action="store_true", help="let no other process come and go")
    args = parser.parse_args()
    import autograd_cli as evo

    names = [level.name for level in evo.tasks()[args.task].levels]
    with tempfile.TemporaryDirectory() as folder, company(not args.quiet_machine):
        file, base = Path(folder, "slowed.py"), Path(folder, "base.json")
        file.write_text(_SLOWED.format(task=args.task, level=args.task.title()), encoding="utf-8")
        options = ["--task", args.task, "--impl", ",".join([*names, f"{file}:Slowed"]), "--time", args.time]
        first = bench(options, 0, "--output", str(base))
        step_s = min(block for own in first["rows"][-1]["blocks_s"] for block in own)
        repetitions = []
        for i in range(args.repetitions):
            found = bench(options, round(SHARE * step_s * 1e9), "--against", str(base))
            rows = [{"impl": row["impl"].rpartition("/")[2], **row["against"]} for row in found["rows"]]
            alarms = [row["impl"] for row in rows[:-1] if row["word"] != "no difference"]
            repetitions.append({"warnings": found["warnings"], "span_s": found["span_s"], "rows": rows})
            slowed = rows[-1]
            told = f"{slowed['word']} {slowed['ratio']:.3f}, {slowed['low']:.3f} to {slowed['high']:.3f}"
            alarm = ", ".join(alarms) or "none"
            print(f"{i + 1}: false alarms: {alarm}; slowed: {told}; {found['span_s']:.0f} s", flush=True)
            sleep(random.uniform(0, 2))
            keep(args, repetitions)


def keep(args: Any, repetitions: list[Any]) -> None:
    """Write what is known so far."""
    rows = [row for one in repetitions for row in one["rows"][:-1]]
    content = {
        "circumstances": circumstances(),
        "task": args.task,
        "time": args.time,
        "another_process": not args.quiet_machine,
        "compared": len(rows),
        "false_alarms": sum(row["word"] != "no difference" for row in rows),
        "slowed_found": sum(one["rows"][-1]["word"] == "worse" for one in repetitions),
        "repetitions": repetitions,
    }
    path = HERE / "results" / "bench_self.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

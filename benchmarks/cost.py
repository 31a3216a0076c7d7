"""What a step of each level costs on this machine: for README, with its pictures.

python benchmarks/cost.py            # two minutes on an otherwise idle machine: `make cost`
python benchmarks/cost.py --drawn    # only draw what was measured before

It writes results/cost.json, which `evo bench --against` reads, and two pictures, docs/cost-light.svg and
cost-dark.svg; `readme.py` puts the numbers into README.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RESULT = HERE / "results" / "cost.json"


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drawn", action="store_true", help="measure nothing")
    if not parser.parse_args().drawn:
        RESULT.parent.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-m", "autograd_cli", "bench", "--output", str(RESULT)], check=True)
    from autograd_cli import Benchmark

    for theme in ("light", "dark"):
        Benchmark.load(RESULT).plot(HERE.parent / "docs" / f"cost-{theme}.svg", theme=theme)


if __name__ == "__main__":
    main()

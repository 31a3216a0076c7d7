"""What a verdict says of its own reach: what was compared, and what was not."""

from collections.abc import Iterator, Sequence

from autograd_cli.contract.keys import show
from autograd_cli.verify.cases import Case
from autograd_cli.verify.equivalence import Equivalence
from autograd_cli.verify.rules import remembers

Found = Sequence[tuple[Case, Equivalence]]


def what_was_compared(found: Found, tolerance: float) -> Iterator[str]:
    """The cases, a line each; the few steps at odd sizes share one."""
    small = [case for case, _ in found if _is_small(case)]
    for case, equivalence in ((case, e) for case, e in found if e.steps and case not in small):
        config = case.config
        settings = " ".join(f"{k}={show(v)}" for k, v in config.options.items() if v is not None)
        allowed = "the rounding of float32" if case.is_rounded else f"{tolerance:g}"
        steps = f"{equivalence.steps} step{'s' * (equivalence.steps != 1)}"
        how = f"{steps} in {config.dtype} within {allowed}"
        if equivalence.unstable_step is not None:
            how += (
                ", each from the level's own numbers: over the run rounding alone parts two such trainings, "
                f"here at step {equivalence.unstable_step}"
            )
        yield f"{case.label}: {how}; seed={config.seed} lr={show(config.lr)} {settings}"
    if small:
        sizes = "; ".join(dict.fromkeys(_without_seed(case.label) for case in small))
        seeds = ", ".join(dict.fromkeys(str(case.config.seed) for case in small))
        yield f"{small[0].steps} steps each at {sizes} (seeds {seeds})"


def what_was_not_shown(found: Found, unread: Sequence[str], *, has_reference: bool) -> Iterator[str]:
    """What passes without having been put to the test, a line each."""
    whole = [(case, equivalence) for case, equivalence in found if not case.is_rounded]
    if whole and all(case.config.lr == 0 for case, _ in whole):
        yield "any update: lr is 0"
    still = [set(equivalence.still) for _, equivalence in whole if not equivalence.parted]
    if still:
        for name in sorted(set.intersection(*still)):
            yield f"anything of {name}: its gradient was 0 throughout"
    memory = [e.steps for case, e in whole if remembers(case.config)]
    if memory and max(memory) < 2:
        yield "what the optimiser remembers: one step does not tell"
    branches: dict[str, bool] = {}
    for _, equivalence in whole:
        for branch, taken in equivalence.reached.items():
            branches[branch] = branches.get(branch, False) or taken
    for branch, taken in branches.items():
        if not taken:
            yield f"a branch of the model: {branch} never came"
    for setting in unread:
        yield f"{setting}: the level has not read it, or not kept to it"
    if not has_reference:
        yield "the settings of evo train, nor float32: the task has no reference for its rules of update"


def _is_small(case: Case) -> bool:
    return case.label not in ("plain", "as trained", "float32")


def _without_seed(label: str) -> str:
    return " ".join(word for word in label.split() if not word.startswith("seed="))

"""evo's own training function under Hydra: `python hydra_app.py -m task=mlp impl=optim seed=range(64)`."""

from pathlib import Path

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig

from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import resolve
from autograd_cli.training.run import Experiment
from autograd_cli.training.signals import Interruption

ConfigStore.instance().store(name="app", node={"task": "sin", "impl": "optim", "seed": 0, "runs_dir": "runs"})


@hydra.main(version_base=None, config_path=None, config_name="app")  # type: ignore[untyped-decorator]
def main(config: DictConfig) -> None:
    """Train and record one run, as `evo train` does."""
    given = [(key, Setting(str(config[key]), key)) for key in ("task", "impl", "seed")]
    experiment = Experiment(resolve(given), Path(config.runs_dir))
    for _ in experiment.run(Interruption()):
        pass
    print(experiment.record.last_loss)


if __name__ == "__main__":
    main()

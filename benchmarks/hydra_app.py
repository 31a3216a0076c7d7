"""evo's own training function under Hydra: `python hydra_app.py -m task=mlp impl=optim seed=range(64)`."""

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig

import autograd_cli as evo

ConfigStore.instance().store(name="app", node={"task": "sin", "impl": "optim", "seed": 0, "runs_dir": "runs"})


@hydra.main(version_base=None, config_path=None, config_name="app")  # type: ignore[untyped-decorator]
def main(config: DictConfig) -> None:
    """Train and record one run, as `evo train` does."""
    run = evo.train(config.task, config.impl, seed=config.seed, runs_dir=config.runs_dir)
    print(run.last_loss)


if __name__ == "__main__":
    main()

"""Which GPUs a sweep uses: by default all that torch sees, a run on each at a time."""

from collections.abc import Sequence

from autograd_cli.config.files import Setting
from autograd_cli.config.values import expand_values
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError
from autograd_cli.training.device import check_device, gpu_count


def choose_gpus(
    configs: Sequence[RunConfig], devices: Setting | None, engine: str, scheduler: str | None
) -> tuple[int, ...]:
    """The GPUs for runs on `cuda`, one for each run at a time; none if there are no such runs.

    Args:
        configs: of all runs.
        devices: numbers of GPUs, as torch counts those that it sees, in the form of any key's values: `0,1`.
            One that stands twice gets two runs at a time.
        engine: who executes the runs. Workers of a cluster may have what this machine lacks, and use the
            GPU that they see first; so do those of a local one, of which there is one.
        scheduler: address of the cluster's scheduler; None for a local one.

    Raises:
        ConfigError: there is no such GPU, or nothing that could use it.

    """
    on_cuda = next((config for config in configs if config.device == "cuda"), None)
    if devices is not None and on_cuda is None:
        raise _misused(devices, "no run of the sweep uses a GPU; add device=cuda")
    if devices is not None and engine == "dask":
        raise _misused(
            devices, "engine dask leaves the GPU to its workers; set CUDA_VISIBLE_DEVICES for each"
        )
    if on_cuda is None or scheduler is not None:
        return ()
    check_device(on_cuda)
    if engine == "dask":
        return (0,)
    count = gpu_count()
    if devices is None:
        return tuple(range(count))
    return tuple(_parse(text, count, devices) for text in expand_values(devices.text, devices.where))


def _parse(text: str, count: int, devices: Setting) -> int:
    if not text.isdecimal() or int(text) >= count:
        allowed = "0" if count == 1 else f"0 to {count - 1}"
        raise _misused(devices, f"there is no GPU '{text}'; torch sees {count} (allowed: {allowed})")
    return int(text)


def _misused(devices: Setting, why: str) -> ConfigError:
    key = "devices" if devices.where == "devices" else None
    return ConfigError(f"{devices.where}: {why}", key=key)

"""The GPU of runs on `cuda`: whether there is one, which one it is, and how it computes."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError

# torch's own switch: with "1", it multiplies float32 matrices in TF32 from its start.
_TF32_ASKED = "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"
_DRIVER = Path("/sys/module/nvidia/version")
# What torch says in a RuntimeError, where it has no kind of error for a memory that is too small.
_OUT_OF_MEMORY = ("can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def check_device(config: RunConfig) -> None:
    """Refuse `cuda` where there is no GPU.

    Raises:
        ConfigError: torch finds no GPU.

    """
    if config.device == "cuda":
        import torch  # a level that can run on cuda has imported it already

        if not torch.cuda.is_available():
            raise ConfigError(
                f"device: torch {torch.__version__} finds no GPU for 'cuda' (allowed here: cpu)", key="device"
            )


def use_device(config: RunConfig, gpu: int | None = None) -> None:
    """Let what is made next for `config` live on GPU number `gpu`, and multiply without TF32.

    TF32 keeps 10 bits of a float32 factor's 23, so losses would not be those of the host. It stays on if
    the environment asks torch for it, and a level that wants it may turn it on as it is made.

    Args:
        config: what runs next; nothing is done for one on the host.
        gpu: counts from 0, among those that torch sees; None for the one in use.

    Raises:
        ConfigError: torch finds no GPU.

    """
    check_device(config)
    if config.device != "cuda":
        return
    import torch

    if gpu is not None:
        torch.cuda.set_device(gpu)
    if os.environ.get(_TF32_ASKED) != "1":
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False


def gpu_count() -> int:
    """How many GPUs torch sees; starts none of them."""
    import torch

    return int(torch.cuda.device_count())


def describe_gpu() -> dict[str, Any]:
    """The GPU in use: `index` as torch counts, `name`, `cuda`, `driver`, `cudnn`, `tf32`, `deterministic`.

    `cuda` is the version that torch was built for; `driver` is None where the system does not tell.
    """
    import torch

    driver = None
    with suppress(OSError):
        driver = _DRIVER.read_text(encoding="ascii", errors="replace").strip()
    cudnn: Any = torch.backends.cudnn
    return {
        "index": torch.cuda.current_device(),
        "name": str(torch.cuda.get_device_name()),
        "cuda": torch.version.cuda,
        "driver": driver,
        "cudnn": cudnn.version(),
        "tf32": {
            "matmul": _is_tf32(torch.backends.cuda.matmul),
            "cudnn": _is_tf32(getattr(cudnn, "conv", cudnn)),
        },
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def _is_tf32(settings: Any) -> bool:
    """Since torch 2.9 `fp32_precision` says so; `allow_tf32` raises once somebody has set that one."""
    precision = getattr(settings, "fp32_precision", None)
    return bool(settings.allow_tf32) if precision is None else precision == "tf32"


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether `error`, or what it was raised from, is that memory was too small, the host's or a GPU's."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
            return True
        if isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY):
            return True
        error = error.__cause__
    return False

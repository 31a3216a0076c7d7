"""GPUs where there are none: what the package asks `torch.cuda`, answered with clocks of their own."""

from typing import Any

import numpy as np
import pytest
import torch

from autograd_cli.tasks.sin.numpy import Sin


class FakeGpu:
    """A device that works through what it is handed while the host goes on, in simulated seconds.

    Attributes:
        host_s, device_s: the host's time, and when the device is done with what it was handed so far.
        waits: how often the host has waited for the device.

    """

    def __init__(self) -> None:
        self.host_s = self.device_s = 100.0
        self.waits = 0

    def compute(self, work_s: float, launch_s: float) -> None:
        """Hand over work, which takes the host `launch_s`, and the device `work_s` from when it is free."""
        self.host_s += launch_s
        self.device_s = max(self.device_s, self.host_s) + work_s

    def wait_until(self, moment_s: float) -> None:
        """The host waits."""
        self.waits += 1
        self.host_s = max(self.host_s, moment_s)

    def synchronize(self) -> None:
        """As `torch.cuda.synchronize`."""
        self.wait_until(self.device_s)

    def Event(self, *, enable_timing: bool) -> "FakeEvent":
        """As `torch.cuda.Event`."""
        assert enable_timing
        return FakeEvent(self)


class FakeEvent:
    """As `torch.cuda.Event`: known to the host when it has waited; times are float32 milliseconds."""

    def __init__(self, gpu: FakeGpu) -> None:
        self.gpu = gpu

    def record(self) -> None:
        """The moment when the device gets here."""
        self.at_s = max(self.gpu.device_s, self.gpu.host_s)

    def synchronize(self) -> None:
        """Wait for that moment."""
        self.gpu.wait_until(self.at_s)

    def elapsed_time(self, end: "FakeEvent") -> float:
        """Milliseconds from here to `end`, to which the device must have got."""
        assert end.at_s <= self.gpu.host_s, "not ready"
        return float(np.float32((end.at_s - self.at_s) * 1e3))


class FarArray:
    """An array that is not on the host, and that NumPy cannot read there: as a tensor on a GPU."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def detach(self) -> "FarArray":
        """As a tensor's."""
        return self

    def cpu(self) -> Any:
        """As a tensor's."""
        return self.array


class OnGpu:
    """A level that has its arrays on the GPU: NumPy's `sin` with a tensor for a loss."""

    def __init__(self, problem: Any, config: Any) -> None:
        assert config.device == "cuda"
        self.level = Sin(problem, config)

    def forward(self) -> torch.Tensor:
        """The loss, as a tensor."""
        return torch.tensor(float(self.level.forward()), dtype=torch.float64)

    def backward(self, loss: torch.Tensor) -> None:
        """As NumPy's."""
        self.level.backward(np.float64(loss.item()))

    def update(self) -> None:
        """As NumPy's."""
        self.level.update()

    parameters = property(lambda self: {k: FarArray(v) for k, v in self.level.parameters.items()})
    gradients = property(lambda self: {k: FarArray(v) for k, v in self.level.gradients.items()})


def pretend_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let torch say that this machine has `count` GPUs, each called after its number."""
    chosen = [0]
    gpu = FakeGpu()
    answers = {
        "is_available": lambda: True,
        "device_count": lambda: count,
        "set_device": lambda index: chosen.__setitem__(0, index),
        "current_device": lambda: chosen[0],
        "get_device_name": lambda: f"Fake {chosen[0]}",
        "Event": gpu.Event,
        "synchronize": gpu.synchronize,
        "mem_get_info": lambda _index=None: (2**30, 2**30),
    }
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, answer)

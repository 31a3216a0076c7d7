"""A configuration that remembers which of its keys were read: what nobody has read, nobody has honoured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import COMMON_KEYS


@dataclass(frozen=True)
class WatchedConfig(RunConfig):
    """A configuration for a level that nobody has described.

    Attributes:
        read: the keys that were asked for, so far.

    """

    read: set[str] = field(default_factory=set, compare=False, repr=False)

    def __getattribute__(self, name: str) -> Any:
        """Note what is asked for."""
        if name in COMMON_KEYS:
            super().__getattribute__("read").add(name)
        return super().__getattribute__(name)


class _WatchedOptions(dict[str, Any]):
    """The task's own keys, watched in the same way."""

    def __init__(self, options: Mapping[str, Any], read: set[str]) -> None:
        super().__init__(options)
        self._read = read

    def __getitem__(self, key: str) -> Any:
        self._read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value, if there is one."""
        self._read.add(key)
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        self._read.update(self.keys())
        return super().__iter__()


def watched(config: RunConfig) -> WatchedConfig:
    """`config`, watched from now on."""
    read: set[str] = set()
    common = {name: getattr(config, name) for name in ("task", "impl", *COMMON_KEYS)}
    return WatchedConfig(options=_WatchedOptions(config.options, read), read=read, **common)

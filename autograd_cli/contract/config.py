"""What a run computes: one frozen object, and the digest that it is known by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autograd_cli.contract.encoding import json_bytes
from autograd_cli.contract.keys import COMMON_KEYS, Value


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides what a run computes; two runs with the same one give the same losses.

    Attributes:
        task: name of the task.
        impl: name of the implementation.
        seed: seed of data, start and control flow.
        steps: number of training steps.
        lr: learning rate.
        dtype: `float32` or `float64`.
        device: `cpu` or `cuda`.
        threads: threads of one matrix product.
        print_every: steps from one printed row to the next; it changes no loss.
        options: the task's own keys, such as `N` and `momentum`.

    """

    task: str
    impl: str
    seed: int
    steps: int
    lr: float
    dtype: str
    device: str
    threads: int
    print_every: int
    options: Mapping[str, Any]

    def to_dict(self) -> dict[str, Value]:
        """All keys in one flat mapping, in the order of the YAML file."""
        common: dict[str, Value] = {"task": self.task, "impl": self.impl}
        common |= {name: getattr(self, name) for name in COMMON_KEYS}
        return common | dict(self.options)

    @property
    def digest(self) -> str:
        """What a run is known by: equal for two runs exactly if they compute the same losses."""
        return digest_of(self.to_dict())

    def __getattr__(self, name: str) -> Any:
        """`config.N` for `config.options["N"]`."""
        options: Mapping[str, Any] = self.__dict__.get("options", {})
        if name in options:
            return options[name]
        raise AttributeError(f"a configuration of task {self.__dict__.get('task')} has no key '{name}'")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "RunConfig":
        """The configuration that `to_dict` gave, trusted as it is.

        Raises:
            KeyError: a key that every configuration has is missing.

        """
        common = ("task", "impl", *COMMON_KEYS)
        options = {name: value for name, value in values.items() if name not in common}
        return cls(options=options, **{name: values[name] for name in common})


def digest_of(config: Mapping[str, Value]) -> str:
    """SHA-256 of an effective configuration, 64 hexadecimal digits; `print_every` changes no loss."""
    content = {name: value for name, value in config.items() if name != "print_every"}
    return sha256_of(json_bytes(content, sort=True))


def sha256_of(content: bytes) -> str:
    """SHA-256 in 64 hexadecimal digits."""
    from hashlib import sha256  # OpenSSL takes 5 ms to load, and listing hashes nothing

    return sha256(content).hexdigest()


def identity_of(config: Mapping[str, Value], source_digest: str | None) -> str:
    """What a run is known by: its configuration and, for a level of the user's own, its class and its source.

    Where the file with the class lies, and how its path was written, makes no other run.
    """
    if source_digest is None:
        return digest_of(config)
    return digest_of({**config, "impl": class_name(config), "source": source_digest})


def kinship_of(config: Mapping[str, Value]) -> str:
    """What runs of one configuration share whose code is not the same."""
    return digest_of({**config, "impl": class_name(config), "source": None})


def class_name(config: Mapping[str, Value]) -> str:
    """The class of a level in the user's own code, `FILE.py:Class`; the level's name otherwise."""
    return str(config.get("impl")).rpartition(":")[2]


def follows_level(key: str, configs: Iterable[Mapping[str, Value]]) -> bool:
    """Whether the level alone decides `key`, as its section of the defaults does: `impl` says it all t."""
    if key in ("task", "impl"):
        return False
    found: dict[tuple[Value, Value], Value] = {}
    return all(
        found.setdefault((values.get("task"), values.get("impl")), values.get(key)) == values.get(key)
        for values in configs
    )

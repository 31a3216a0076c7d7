"""The YAML files of configurations: where they are, and what stands in which line of them."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_cli.config.reading import is_folder, look, read_bounded
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Value, show
from autograd_cli.errors import ConfigError, unknown

if TYPE_CHECKING:
    import yaml  # a tenth of the time of a short run, and the files that come with evo need none of it

# The lines of a file that says nothing which only YAML's own parser understands; so do evo's own files.
_PLAIN_WORD = r"-?[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_PLAIN_LINE = re.compile(rf"( *)([A-Za-z_]\w*):(?: +({_PLAIN_WORD}))? *(?: #.*)?", re.ASCII)
_NO_LINE = re.compile(r" *(?:#.*)?")
# Text that YAML reads as it stands: a word that is none of its numbers, truths and nothings.
_PLAIN_TEXT = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z][a-z0-9_]*", re.ASCII | re.IGNORECASE
)

# YAML's own type for bytes, in base64; a name that is not UTF-8 is kept as such.
_BINARY = "tag:yaml.org,2002:binary"

# What no configuration needs, and what can make a short file long to read.
_BYTES_MAX = 2**20
_DEPTH_MAX = 20
_ALIASED_MAX = 1_000_000


@dataclass(frozen=True)
class Setting:
    """A value as somebody wrote it, and where: `configs/sin.yaml:12`, `--lr`, `lr=0.1`."""

    text: str
    where: str

    @classmethod
    def of(cls, key: str, value: "Setting | Value") -> "Setting":
        """The setting of the argument `key`; a Setting is one already."""
        return value if isinstance(value, Setting) else cls(show(value), key)


@dataclass(frozen=True)
class ConfigFile:
    """A YAML file's settings: for every level, of each level's own section, and of a sweep's blocks."""

    name: str
    settings: Mapping[str, Setting]
    levels: Mapping[str, tuple[Setting, Mapping[str, Setting]]]
    blocks: tuple[Mapping[str, Setting], ...] = ()


def config_folder() -> Path:
    """Where the configurations that come with evo are: in the package, or at the top of a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def shipped_configs() -> list[str]:
    """The names that `--config` takes without a path."""
    return sorted(path.stem for path in config_folder().glob("*.yaml"))


def to_yaml(config: RunConfig) -> str:
    """The file from which `evo train --config` repeats the run."""
    return "".join(f"{name}: {_scalar(value)}\n" for name, value in config.to_dict().items())


def _scalar(value: Value) -> str:
    """A value on one line. Text is quoted as the YAML library quotes it, where it has to be."""
    return _text(value) if isinstance(value, str) else show(value)


@cache
def _text(text: str) -> str:
    if _PLAIN_TEXT.fullmatch(text):
        return text
    import yaml

    try:
        text.encode()
    except UnicodeEncodeError:
        content = text.encode("utf-8", "surrogateescape")
        return f"!!binary {base64.b64encode(content).decode()}"
    # An upper bound to the width of a line that no text reaches: none is ever folded.
    style = '"' if "\n" in text else None
    line: str = yaml.dump(
        [text],
        Dumper=_faster("CSafeDumper", "SafeDumper"),
        default_style=style,
        allow_unicode=True,
        width=2**30,
    )
    return line.removeprefix("- ").rstrip("\n")


def _faster(name: str, otherwise: str) -> Any:
    """The class in C, where PyYAML has it: it takes a tenth of the time."""
    import yaml

    return getattr(yaml, name, None) or getattr(yaml, otherwise)


def find_config(name: str) -> Path:
    """The file of the configuration `name`: a path, a run directory, or one that comes with evo.

    Raises:
        ConfigError: there is none, or nobody can tell.

    """
    if not name:
        raise ConfigError("config: it is empty; give a path or a name, or leave it out", key="config")
    path = Path(name)
    try:
        if is_folder(path) and look(path / "config.yaml") is not None:
            return path / "config.yaml"
        if look(path) is not None:
            return path
    except OSError as error:
        raise ConfigError(f"config: cannot read '{name}': {error.strerror}", key="config") from error
    if name in shipped_configs():
        return config_folder() / f"{name}.yaml"
    raise unknown("configuration", name, shipped_configs(), key="config")


def read_config_file(path: Path, *, lists: bool = False) -> ConfigFile:
    """The settings of a YAML file, each with its line.

    With `lists`, a value may be a YAML list: it is read as its items with commas between them; and there may
    be `blocks`, a list of mappings.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or is not a mapping of keys to single values.

    """
    try:
        text = read_bounded(path, _BYTES_MAX).decode()
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: cannot read the configuration: not UTF-8 text") from error
    return _read_plain(text, path) or _read_yaml(text, path, lists=lists)


def _read_plain(text: str, path: Path) -> ConfigFile | None:
    """What a file says whose lines are all `key: word`; None if YAML's own parser has to read it."""
    if not text.replace("\n", "").isprintable():  # some of these end a line in YAML
        return None
    settings: dict[str, Setting] = {}
    levels: dict[str, tuple[Setting, Mapping[str, Setting]]] = {}
    body: dict[str, Setting] = {}
    indents = {0: 0}  # how deep the lines are that begin after so many spaces
    depth = depth_max = 0
    has_levels = False
    for number, line in enumerate(text.split("\n"), 1):
        if _NO_LINE.fullmatch(line):
            continue
        found = _PLAIN_LINE.fullmatch(line)
        if found is None:
            return None
        spaces, name, word = len(found[1]), found[2], found[3]
        where = f"{path}:{number}"
        if spaces > max(indents):
            indents[spaces] = len(indents)
        depth = indents.get(spaces, depth_max + 1)
        opens = word is None
        if depth > depth_max or opens != (depth == 1 or (depth == 0 and name == "levels")):
            return None
        depth_max = depth + 1 if opens else depth
        seen: Mapping[str, object] = (settings, levels, body)[depth]
        if name in seen or name == "blocks":
            return None
        if depth == 0 and opens:
            if has_levels:
                return None
            has_levels = True
        elif depth == 1:
            body = {}
            levels[name] = (Setting(name, where), body)
        else:
            (settings if depth == 0 else body)[name] = Setting(word, where)
    return ConfigFile(str(path), settings, levels) if settings else None


def _read_yaml(text: str, path: Path, *, lists: bool) -> ConfigFile:
    import yaml

    try:
        _check_nesting(text, path)
        root = yaml.compose(text, Loader=_faster("CSafeLoader", "SafeLoader"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{where}: not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    settings: dict[str, Setting] = {}
    levels: dict[str, tuple[Setting, Mapping[str, Setting]]] = {}
    blocks: tuple[Mapping[str, Setting], ...] = ()
    for name, where, node in _pairs(root, path):
        if lists and name == "blocks":
            blocks = tuple(_blocks(node, where, path))
            continue
        if name != "levels":
            settings[name] = _setting(name, node, where, lists=lists)
            continue
        for level, level_where, section in _pairs(node, path):
            body = {key: _setting(key, value, at) for key, at, value in _pairs(section, path)}
            levels[level] = (Setting(level, level_where), body)
    return ConfigFile(str(path), settings, levels, blocks)


def _blocks(node: "yaml.Node", where: str, path: Path) -> Iterator[Mapping[str, Setting]]:
    import yaml

    if not (isinstance(node, yaml.SequenceNode) and node.value):
        raise ConfigError(f"{where}: blocks must be a list, each with 'key: value' lines after a dash")
    for item in node.value:
        yield {key: _setting(key, value, at, lists=True) for key, at, value in _pairs(item, path)}


def _check_nesting(text: str, path: Path) -> None:
    """Refuse what would exhaust the stack or the memory of whoever builds the tree of nodes."""
    import yaml

    depth = aliases = 0
    for count, event in enumerate(yaml.parse(text, Loader=_faster("CSafeLoader", "SafeLoader")), 1):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if depth > _DEPTH_MAX or count * aliases > _ALIASED_MAX:
            what = f"nested more than {_DEPTH_MAX} deep" if depth > _DEPTH_MAX else "too many aliases"
            where = f"{path}:{event.start_mark.line + 1}" if event.start_mark else path
            raise ConfigError(f"{where}: {what}")


def _pairs(node: "yaml.Node | None", path: Path) -> "Iterator[tuple[str, str, yaml.Node]]":
    """Key, place and value of each entry of a YAML mapping; an empty file or section has none."""
    import yaml

    if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "~", "null")):
        return
    where = f"{path}:{node.start_mark.line + 1}"
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{where}: expected 'key: value' lines")
    seen: set[str] = set()
    for key, value in node.value:
        where = f"{path}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"{where}: a key must be a single word")
        if key.value in seen:
            raise ConfigError(f"{where}: key '{key.value}' is given twice")
        seen.add(key.value)
        yield key.value, where, value


def _setting(name: str, node: "yaml.Node", where: str, *, lists: bool = False) -> Setting:
    import yaml

    if lists and isinstance(node, yaml.SequenceNode):
        return Setting(",".join(_setting(name, item, where).text for item in node.value), where)
    if not isinstance(node, yaml.ScalarNode):
        kind = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        raise ConfigError(f"{where}: {name} is {kind}; expected a single value")
    if node.tag == _BINARY:
        try:
            return Setting(base64.b64decode(node.value).decode("utf-8", "surrogateescape"), where)
        except binascii.Error:
            raise ConfigError(f"{where}: {name} is not base64, as !!binary says") from None
    return Setting(node.value, where)

"""The page's words: a file a language, in which each has a name."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from autograd_cli.errors import choose

# By what `lang` calls them, each with what HTML calls it.
LANGUAGES = {"en": "en", "zh": "zh-Hans"}


@cache
def catalogue(lang: str) -> Mapping[str, Any]:
    """The words of a language, by name; those of `levels` and `tasks` by the names of these."""
    text = Path(__file__).with_name(f"{lang}.yaml").read_text(encoding="utf-8")
    words: Mapping[str, Any] = yaml.safe_load(text)
    return words


class Words:
    """The words of one language.

    Attributes:
        html: what HTML calls the language.

    """

    def __init__(self, lang: str) -> None:
        """The language of that name.

        Raises:
            ConfigError: there is none.

        """
        self.html = choose(lang, LANGUAGES, "lang")
        self._words = catalogue(lang)

    def __call__(self, name: str, **values: object) -> str:
        """The text of that name, with values put into it."""
        text: str = self._words[name]
        return text.format(**values) if values else text

    def of_task(self, task: str, summary: str) -> str:
        """What a task is; its own words where the language has none for it."""
        return str(self._words["tasks"].get(task, summary))

    def of_system(self, system: str) -> str:
        """What tells a document's program from the others."""
        return str(self._words["systems"].get(system, system))

    def of_level(self, level: str, teaches: str) -> str:
        """What a level teaches; its own words where the language has none for exactly these."""
        return str(self._words["levels"].get(teaches, teaches)) if level else teaches

"""README's commands work as they are written and print what stands below them; links lead somewhere."""

import re
import shlex
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.processes import evo_process

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
DOCUMENTS = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
PICTURES = sorted((ROOT / "docs").glob("evo-*.svg"))


def masked(text: str) -> str:
    """A text without its names of runs, numbers, dots, bars and blanks, which differ from time to time."""
    return re.sub(r"\d{8}T\S+|\d[\d.]*(e[+-]?\d+)?|[\u2580-\u28ff]|\s", "", text)


@pytest.mark.slow
def test_commands_run_and_print_what_readme_shows(tmp_path: Path) -> None:
    """In a folder with the examples, each command ends as README says, and prints the lines of its blocks."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    printed = ""
    for language, body in BLOCKS:
        if language == "text":
            for line in body.splitlines():
                assert masked(line) in masked(printed), line
        if language or not body.startswith("evo "):
            continue
        printed = ""
        for line in body.splitlines():
            command, _, comment = line.partition("#")
            # The room in which README's pictures of dots were drawn.
            done = evo_process(*shlex.split(command)[1:], cwd=tmp_path, LINES="15", COLUMNS="80")
            assert done.returncode == (1 if "exit 1" in comment else 0), (line, done.stderr)
            printed += done.stdout + done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    """What a document links to, or shows as a picture, is in the repository, and so is the heading."""
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r'\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"', text):
        target, _, heading = "".join(link).partition("#")
        if target.startswith(("http:", "https:")):
            continue
        path = document.parent / target if target else document
        assert path.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [title.lower().replace(" ", "-") for title in titles], heading


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_pictures_need_nothing_beside_them(path: Path) -> None:
    """A picture of README names no font but a generic one, and asks for nothing from elsewhere."""
    assert len(PICTURES) == 4
    fonts = set()
    for node in ET.parse(path).iter():  # noqa: S314 - a file of this repository
        fonts.add(node.get("font-family"))
        for name, value in node.attrib.items():
            if name.endswith("href"):
                assert value.startswith("#"), value
        assert not node.tag.endswith("}image")
        assert "url(" not in (node.text or "") + (node.get("style") or "") or "url(#" in node.get("style", "")
    assert fonts == {None, "monospace"}


def test_the_example_report_is_small_and_of_this_repository() -> None:
    """The committed page stays below 2.1 MB, has a chapter a level, and names no folder of who made it."""
    page = (ROOT / "docs" / "example-report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 2_100_000
    assert str(ROOT) not in page
    for task in ("mlp", "sin", "linear", "softmax"):
        assert f'id="{task}' in page

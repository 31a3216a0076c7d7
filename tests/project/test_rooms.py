"""The house: what the layers of import-linter (`make lint`) do not see, and its picture."""

import re
import runpy

import grimp

from tests.helpers import ROOT


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    """No chain of imports leads back to where it began, not even over a folder's own file.

    The linter's contract compares the modules of a folder with each other, without their `__init__.py`.
    """
    graph = grimp.build_graph("autograd_cli", cache_dir=None)
    circles = [
        (module, imported)
        for module in sorted(graph.modules)
        for imported in graph.find_modules_directly_imported_by(module)
        if graph.find_shortest_chain(importer=imported, imported=module)
    ]
    assert not circles


def test_the_picture_shows_the_rooms_as_they_are() -> None:
    """docs/rooms.svg has the arrows and the words of today; `make rooms` draws it anew."""
    drawing = runpy.run_path(str(ROOT / "docs" / "rooms.py"))
    picture = (ROOT / "docs" / "rooms.svg").read_text(encoding="utf-8")
    assert set(re.findall(r"<title>(\w+) to (\w+)</title>", picture)) == drawing["arrows"]()
    for row in drawing["layers"]():
        for room in row:
            assert drawing["box"](room) in picture

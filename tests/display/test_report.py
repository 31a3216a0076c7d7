"""The page of `evo report`: in a real browser, and what it holds."""

import base64
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import autograd_cli as evo
from tests.display.browser import browser, needs_browser, requested, set_screen
from tests.helpers import LEVELS, ROOT, TASKS, record_run

STEPS = 40
CHAPTERS = [f"{task}-{impl}" for task, impls in LEVELS.items() for impl in impls]


def make_runs(folder: Path) -> None:
    """A run of every level of every task, none of it trained: each level has losses of its own."""
    for number, (task, impl) in enumerate((task, impl) for task, impls in LEVELS.items() for impl in impls):
        losses = [100.0 / (1 + step) + number for step in range(STEPS)]
        record_run(folder, f"{task}-{impl}", losses, task=task, impl=impl)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of every level."""
    folder = tmp_path_factory.mktemp("runs")
    make_runs(folder)
    return folder


@pytest.fixture(scope="session")
def page(runs: Path) -> Path:
    """The page of all tasks."""
    return evo.report(f"{runs}/*").write(runs.parent / "evolution.html")


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests."""
    with browser(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def opened(driver: Any, page: Path) -> Any:
    """The browser, with the page before it in a window of 1280 pixels."""
    set_screen(driver, 1280)
    driver.get(page.as_uri())
    return driver


def drawn(driver: Any, figure: str) -> Any:
    """The figure of that id, once its curves can be moved."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    element = driver.find_element(By.ID, f"figure-{figure}")
    driver.execute_script("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", element)
    WebDriverWait(driver, 30).until(lambda _: element.get_attribute("data-drawn") == "yes")
    return element


def lines_of(driver: Any, figure: Any) -> list[str]:
    """The colours of the curves in a figure that is drawn."""
    script = """
        const paths = arguments[0].querySelectorAll('.canvas .mark-line path');
        return [...paths].filter((path) => (path.getAttribute('d') || '').includes('L'))
            .map((path) => path.getAttribute('stroke'));
    """
    colours: list[str] = driver.execute_script(script, figure)
    return colours


@needs_browser
def test_nothing_is_requested_and_nothing_complained_of(opened: Any, page: Path) -> None:
    """The page asks for itself alone, and no script fails, though all of its figures are drawn."""
    requested(opened)
    opened.get_log("browser")
    opened.refresh()
    for chapter in (f"{task}-all" for task in TASKS):
        drawn(opened, chapter)
    assert {url for url in requested(opened) if not url.startswith("data:")} == {page.as_uri()}
    assert [entry["message"] for entry in opened.get_log("browser")] == []


@needs_browser
def test_every_chapter_is_there(opened: Any) -> None:
    """A chapter a level, each with its code, its picture and what it changes, and a link that leads to it."""
    script = """
        return [...document.querySelectorAll('section.chapter')].map((section) => [
            section.id, section.querySelectorAll('.evo-lesson pre').length,
            section.querySelectorAll('svg').length > 0,
            document.querySelectorAll(`nav a[href="#${section.id}"]`).length]);
    """
    assert opened.execute_script(script) == [[chapter, 1, True, 1] for chapter in CHAPTERS]


@needs_browser
def test_hovering_shows_the_value(opened: Any) -> None:
    """Over a curve a box says whose it is, at which step, and what the loss is: a value of the run."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.support.ui import WebDriverWait

    figure = drawn(opened, "linear-nn")
    canvas = figure.find_element("css selector", ".canvas svg")
    tip = figure.find_element("css selector", ".tip")
    ActionChains(opened).move_to_element_with_offset(canvas, 10, 20).move_by_offset(3, 3).perform()
    WebDriverWait(opened, 10).until(lambda _: tip.text)
    name, step, loss = tip.text.split(" · ")
    at = int(step.removeprefix("step "))
    number = CHAPTERS.index(f"linear-{name}")
    assert float(loss.removeprefix("loss ").replace(",", "")) == pytest.approx(
        100 / (1 + at) + number, rel=1e-4
    )


@needs_browser
def test_a_level_can_be_switched_off_and_on(opened: Any) -> None:
    """A level's box takes its curve away, and no other's, and brings it back."""
    figure = drawn(opened, "mlp-all")
    before = lines_of(opened, figure)
    assert len(before) == len(LEVELS["mlp"])
    box = figure.find_element("css selector", "input[value=module]")
    colour = before[LEVELS["mlp"].index("module")]
    box.click()
    assert lines_of(opened, figure) == [one for one in before if one != colour]
    box.click()
    assert sorted(lines_of(opened, figure)) == sorted(before)


@needs_browser
def test_nothing_scrolls_sideways(opened: Any) -> None:
    """The page is as wide as the window, before its figures are drawn and after."""
    for figures in ((), ("mlp-all", "sin-nn", "printed-mlp_n64")):
        for width in (2000, 1280, 800, 390):
            set_screen(opened, width)
            for figure in figures:
                drawn(opened, figure)
            assert opened.execute_script("return document.documentElement.scrollWidth") <= width


@needs_browser
def test_without_scripts_the_pictures_remain(driver: Any, page: Path) -> None:
    """With scripts off every figure shows its picture, with a path for each of its curves."""
    set_screen(driver, 1280, scripts=False)
    driver.get(page.as_uri())
    script = """
        [...document.querySelectorAll('figure')].map((figure) => {
            const svg = figure.querySelector('.static svg');
            const paths = [...svg.querySelectorAll('path')].map((path) => path.getAttribute('d') || '');
            return [figure.id, svg.getBoundingClientRect().height > 100,
                paths.filter((path) => path.includes('L')).length];
        })
    """
    # The driver's own scripts are off, too: this one is evaluated from outside of the page.
    found = driver.execute_cdp_cmd("Runtime.evaluate", {"expression": script, "returnByValue": True})
    figures = {name: (visible, paths) for name, visible, paths in found["result"]["value"]}
    set_screen(driver, 1280)
    assert {f"figure-{chapter}" for chapter in CHAPTERS} <= set(figures)
    assert all(visible for visible, _ in figures.values())
    assert figures["figure-mlp-all"][1] >= len(LEVELS["mlp"])
    assert figures["figure-linear-nn"][1] >= 2


@needs_browser
def test_it_prints_with_every_chapter(driver: Any, runs: Path) -> None:
    """On paper stands every chapter's heading, and the curves are drawn on it."""
    chapters = [chapter for chapter in CHAPTERS if chapter.startswith("linear-")]
    driver.get(evo.report(f"{runs}/linear-*").write(runs.parent / "linear.html").as_uri())
    options = {"printBackground": True, "paperWidth": 8.27, "paperHeight": 11.69, "generateTaggedPDF": True}
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", options)["data"])
    assert pdf.startswith(b"%PDF")
    # Chromium names the targets of links, which are the chapters, in the PDF; some of it is compressed.
    streams = [
        zlib.decompressobj().decompress(body)
        for body in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
        if body[:1] == b"\x78"
    ]
    text = pdf + b"".join(streams)
    assert [chapter for chapter in chapters if chapter.encode() not in text] == []
    assert text.count(b"/Type /Page") > len(chapters)


@needs_browser
def test_dark_and_light_have_contrast(opened: Any) -> None:
    """Text is light on dark where the reader wants that, and dark on light otherwise."""

    def lightness(dark: bool) -> tuple[float, float]:
        set_screen(opened, 1280, dark=dark)
        script = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
        ink, paper = (sum(map(int, re.findall(r"\d+", one)[:3])) for one in opened.execute_script(script))
        return ink, paper

    ink, paper = lightness(dark=False)
    assert (ink < 150, paper > 600) == (True, True)
    ink, paper = lightness(dark=True)
    assert (paper < 150, ink > 600) == (True, True)


# --- without a browser -------------------------------------------------------------------------------


def words(lang: str) -> dict[str, Any]:
    """The words of a language, as they stand in its file."""
    path = ROOT / "autograd_cli" / "display" / "report" / f"{lang}.yaml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def test_both_languages_have_the_same_words() -> None:
    """Each word of one language has its counterpart, with the same values to put in."""
    english, chinese = words("en"), words("zh")
    assert list(english) == list(chinese)
    for name, text in english.items():
        if isinstance(text, str):
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", chinese[name])), name


def test_the_chinese_page_says_what_each_level_teaches_in_chinese() -> None:
    """Every level of every task, and every task, has a Chinese line; none is for a level that is gone."""
    chinese = words("zh")
    assert set(chinese["tasks"]) == set(TASKS)
    assert set(chinese["levels"]) == {spec.teaches for task in TASKS.values() for spec in task.levels}


@pytest.mark.parametrize(("lang", "html"), [("en", "en"), ("zh", "zh-Hans")])
def test_no_word_is_left_out(runs: Path, lang: str, html: str) -> None:
    """The page says its language; no brace of a text is left unfilled outside of scripts and styles."""
    page = evo.report(f"{runs}/linear-*", task="linear", lang=lang).html
    assert f'<html lang="{html}">' in page
    prose = re.sub(r"<(script|style|pre).*?</\1>|<code>.*?</code>", "", page, flags=re.DOTALL)
    assert not re.findall(r"{[a-z_]+}", prose)
    assert words(lang)["overview"] in page


def test_a_changed_level_changes_the_page(tmp_path: Path) -> None:
    """A run of a level of the user's own has a chapter with its code, which is shown and not obeyed."""
    source = (ROOT / "autograd_cli" / "tasks" / "linear" / "numpy.py").read_text(encoding="utf-8")
    path = tmp_path / "mine.py"
    path.write_text(f"{source}\n    note = '<script>alert(1)</script>'\n")
    evo.train("linear", f"{path}:Linear", steps=3, runs_dir=tmp_path / "runs", name="plain")
    (tmp_path / "runs" / "plain").rename(tmp_path / "runs" / "a<b>&'")
    page = evo.report(f"{tmp_path}/runs/*", task="linear").html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "a&lt;b&gt;&amp;" in page


def test_the_page_is_small_and_alone(page: Path) -> None:
    """It is below 2.1 MB, names nothing that a browser would load, and forbids it to load anything."""
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 2_200_000
    markup = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', markup)
    assert not re.findall(r"@import|url\((?!#)", markup)
    assert "default-src 'none'" in text


def test_what_the_documents_print_is_beside_ours(page: Path) -> None:
    """A loss that a document prints stands in the page's table as it was printed, to five digits."""
    text = page.read_text(encoding="utf-8")
    assert "2.9501e+07" in text


def each_id(text: str) -> list[str]:
    """Every id of a page."""
    return re.findall(r'\bid="([^"]+)"', re.sub(r"<script(?! type).*?</script>", "", text, flags=re.DOTALL))


def test_no_id_is_there_twice(page: Path) -> None:
    """Pictures refer to their parts by ids, which another picture must not have."""
    ids = each_id(page.read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids))

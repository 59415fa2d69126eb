"""The pages are true: what they show is run, what they name exists.

Python and YAML blocks run here, and commands that need no platform. Those that need one are checked against the command
line here, word by word; ``test_tutorial.py`` runs them.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from flink_jobs.cases.case import SHEET
from flink_jobs.cases.read import read as read_case
from flink_jobs.cli.operators_page import page as operators_page
from flink_jobs.cli.operators_page import sheets
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.feeds import FEED_FILE, find_files, read_feed
from flink_jobs.jobs.catalog import find
from flink_jobs.jobs.declare import read_text
from tests.command_line import mainstem, verbs
from tests.docs.pages import PAGES, ROOT, Block, anchors, blocks, commands, links
from tests.operators.test_reference import check_alone

LANGUAGES = ("", "python", "yaml", "sh")
ALONE = ("check", "plan", "simulate", "operators")
"""Verbs that need no platform."""
SMALLER = {"simulate": ("--days", "1", "--users", "20", "--out", "made")}
"""The last value of an option counts: as much as a test needs, and inside its own folder."""
_MENTION = re.compile(r"`(?:\./)?mainstem ([^`]+)`")
SHELL = blocks("sh")
VERBS: dict[str, Any] = vars(verbs())["commands"]


def verb(words: list[str]) -> tuple[Any, list[str]]:
    """The command that a line names, inside of its group where it has one, and the words behind it."""
    known, found = VERBS, None
    while words and known:
        assert words[0] in known, f"there is no verb '{words[0]}'"
        found, words = known[words[0]], words[1:]
        known = getattr(found, "commands", {})
    return found, words


def alone(words: list[str]) -> bool:
    """Whether a command needs no platform."""
    return words[0] in ALONE or words[:2] == ["case", "list"] or "--reference-only" in words


def run_python(page: str, texts: list[str], forget: list[str]) -> dict[str, Any]:
    """Run the blocks of a page one after the other in one module, as a reader would."""
    module = ModuleType(f"page_{page}")
    sys.modules[module.__name__] = module  # pydantic looks up the names in annotations there
    forget.append(module.__name__)
    for text in texts:
        exec(compile(text, page, "exec"), vars(module))
    return vars(module)


PYTHON = {page: list(found) for page, found in groupby(blocks("python"), key=lambda b: b.page.stem)}


def test_every_block_has_a_language_that_is_run() -> None:
    assert [b.place for b in blocks() if b.language not in LANGUAGES] == []


@pytest.mark.parametrize("page", PYTHON)
def test_python_blocks_run(page: str, desk: Path, forget: list[str]) -> None:
    run_python(page, [b.text for b in PYTHON[page]], forget)


def test_the_operator_of_the_page_keeps_what_it_promises(desk: Path, forget: list[str]) -> None:
    import doctest

    names = run_python("add_an_operator", [b.text for b in PYTHON["add_an_operator"]], forget)
    check_alone(names["case"], desk / "case")
    found = doctest.DocTestFinder().find(names["Multiples"], "Multiples", globs=names)
    assert [doctest.DocTestRunner().run(t).failed for t in found if t.examples] == [0]


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda b: b.place)
def test_yaml_blocks_are_read(block: Block, desk: Path) -> None:
    if block.file.endswith(FEED_FILE):
        feed = read_feed(desk / block.file)
        for entry in feed.files:
            (desk / entry.path.replace("*", "1")).touch()
        assert find_files(feed, desk, find(feed.pipeline).datasets)
    elif block.file.endswith(SHEET):
        assert read_case((desk / block.file).parent).arrivals
    else:
        assert read_text(block.text, str(desk / "page.yaml")).name == yaml.safe_load(block.text)["name"]


@pytest.mark.parametrize("block", SHELL, ids=lambda b: b.place)
def test_every_command_exists_with_its_options(block: Block) -> None:
    for program, *words in commands(block):
        if program == "./mainstem":
            command, rest = verb(words)
            command.make_context(words[0], rest)
        elif Path(program).name == "python":
            assert words[0] == "-m" and importlib.util.find_spec(words[1]), words
        else:
            assert (ROOT / program).is_file(), program


@pytest.mark.parametrize("block", SHELL, ids=lambda b: b.place)
def test_commands_that_need_no_platform_run(block: Block, desk: Path) -> None:
    for program, *words in commands(block):
        if program == "./mainstem" and alone(words):
            result = mainstem(*words, *SMALLER.get(words[0], ()))
            assert result.exit_code == 0, f"{words}: {result.output or result.exception}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_commands_in_the_text_exist(page: Path) -> None:
    wrong = []
    for text in _MENTION.findall(page.read_text(encoding="utf-8")):
        known = {o for p in verb(text.split())[0].params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        wrong += [f"{text}: {o}" for o in re.findall(r"--[a-z-]+", text) if o not in known]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(VERBS))
def test_every_verb_explains_itself(name: str) -> None:
    result = mainstem(name, "--help")
    assert result.exit_code == 0 and "Usage: " in result.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target in links(page):
        name, _, title = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        if "://" not in target and (not other.exists() or (title and title not in anchors(other))):
            lost.append(target)
    assert lost == []


def test_the_glossary_names_files_that_exist() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    owners = re.findall(r"\| `([^`|]+)` \|$", text, re.MULTILINE)
    assert len(owners) == text.count("\n| ") - 1, "each word has an owner"
    assert [o for o in owners if not any((ROOT / base / o).exists() for base in ("", "flink_jobs"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_files_named_in_the_text_exist(page: Path) -> None:
    rooms = "dags|plugins|cases|expectations|flink_jobs|tests|benchmarks|docs|runtime|lake|core|runs|proof|ingest"
    named = re.findall(rf"`((?:{rooms})/[\w./]+)`", page.read_text(encoding="utf-8"))
    there = [ROOT, ROOT / "flink_jobs"]
    made = {"flink_jobs/operators/multiples.py"}  # the reader is asked to write it
    assert [n for n in named if n not in made and not any((base / n).exists() for base in there)] == []


def test_the_page_of_operators_is_up_to_date() -> None:
    assert (ROOT / "docs" / "operators.md").read_text(encoding="utf-8") == operators_page(sheets())


def test_pages_are_short() -> None:
    written = [p for p in PAGES if p.name != "operators.md"]  # made from the classes: as long as there are operators
    assert {p.name: n for p in written if (n := p.read_text(encoding="utf-8").count("\n")) > 120} == {}


def test_the_desk_is_no_platform(desk: Path) -> None:
    assert Settings.load().home == desk / "home"

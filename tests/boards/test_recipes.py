"""The recipes of the page of leaderboards give the answers that they promise."""

from __future__ import annotations

import re
from pathlib import Path

from flink_jobs.lake.sql import query
from tests.boards.lakes import BIG

PAGE = Path(__file__).parents[2] / "docs" / "leaderboard_page.md"


def test_recipes_answer_what_they_say(shop_lake: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")  # as a shell joins lines
    recipes = re.findall(r'mainstem query "([^"]+)"', text)
    top, path, inside, seen, often = (list(query(shop_lake, sql).rows) for sql in recipes)
    assert top == [(1, 1, 11, 5), (1, 2, 12, 3), (1, 3, 13, 2), (2, 1, BIG, 1)]
    assert [(row[1], row[2]) for row in path] == [(2, None), (1, 1), (2, -1)]
    assert inside == seen == [(1, 11, 5), (2, BIG, 1)]
    assert often == [(1, 11, 2), (2, BIG, 2), (1, 12, 1)]

"""The questions of docs/questions.md are answered, and the answers say something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "questions.md").read_text("utf-8")
BLOCKS = re.findall(r"^## (.*?)\n.*?^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def names():
    made: dict[str, object] = {}
    exec(re.search(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1], made)
    return made


@pytest.mark.parametrize(("title", "code"), BLOCKS, ids=[title for title, _ in BLOCKS])
def test_question_is_answered(title, code, names, capsys):
    exec(code, dict(names))
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 3, title
    assert "Empty" not in printed and re.search(r"[1-9]", printed), title


def test_there_are_three():
    assert len(BLOCKS) == 3

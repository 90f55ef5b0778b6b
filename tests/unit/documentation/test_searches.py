"""What users type into the site's search: a section has all of the words, as the search wants."""

from __future__ import annotations

import re
from typing import Final

import pytest

from docs.site.assembly import ROOT

SEARCHES: Final = {
    "backtest with my own csv": "questions",
    "stop all orders": "questions",
    "kill switch": "questions",
    "emergency": "questions",
    "factor is stale": "questions",
    "run on two machines": "questions",
    "funding rate": "questions",
    "hazelcast password": "questions",
    "telegram alert": "questions",
    "python 3.12": "questions",
    "live trading binance": "questions",
    "paper trading": "questions",
    "record data": "questions",
    "windows": "questions",
    "license": "questions",
    "upgrade": "questions",
    "stop loss": "questions",
    "no price yet": "questions",
    "multiple symbols": "questions",
    "restart after a crash": "questions",
    "crash recovery": "questions",
    "clock drift": "questions",
    "memory usage": "questions",
    "deploy to server": "questions",
    "log files": "questions",
    "jupyter notebook": "questions",
    "test my strategy": "questions",
    "api key": "questions",
    "delete old recordings": "questions",
    "docker shm size": "containers",
    "what is BLUE": "fleet",
    "add a venue": "exf",
    "look-ahead": "backtest",
    "rust reader": "region",
}
"""Each with the page that answers it."""
_SECTION: Final = re.compile(r"^(?=#{1,4} )", re.MULTILINE)
_SEPARATOR: Final = re.compile(r"[\s\-,:!=\[\]()\"`/]+|\.(?!\d)|_")
"""As ``config.separator`` of the site's search.json."""


def words_of(text: str) -> set[str]:
    """Return the words of a text as the search has them."""
    return {word for word in _SEPARATOR.split(text.lower()) if word}


@pytest.mark.parametrize(("search", "page"), SEARCHES.items())
def test_a_search_finds_a_section_of_the_page_that_answers_it(search: str, page: str) -> None:
    """The search finds only sections in which each word begins one of theirs."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    sections = [words_of(section) for section in _SECTION.split(text)]
    assert any(
        all(any(word.startswith(sought) for word in section) for sought in words_of(search))
        for section in sections
    ), f"no section of {page}.md has all of {search!r}"

"""Settings of a backtest: what is read, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from adapters.command.instants import Instant
from backtests.inputs.backtest_settings import load, override
from dolphin_strategies import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_tables_are_read_and_a_live_nodes_tables_may_stand_beside_them(tmp_path: Path) -> None:
    """One file serves both."""
    file = tmp_path / "both.toml"
    file.write_text(
        '[node]\nvenue = "replay"\n[sandbox]\nleverage = 3\n'
        "[backtest]\nstart = 2024-08-08T23:55:00Z\nend = 2024-08-09\n"
        '[venue]\nbalances = ["5 BTC"]\ntaker_fee = 0.001\n'
        '[strategy]\nclass = "m:C"\nsize = 1\n',
        encoding="utf-8",
    )
    settings = load(file)
    assert settings.backtest.start == 1_723_161_300_000_000_000
    assert settings.backtest.end == 1_723_161_600_000_000_000
    assert settings.venue.balances == ["5 BTC"]
    assert settings.venue.taker_fee == Decimal("0.001")
    assert (settings.strategy.path, settings.strategy.config) == ("m:C", {"size": 1})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[bakctest]\n", "did you mean 'backtest'"),
        ("[venue]\ntaker_fe = 0\n", "did you mean 'taker_fee'"),
        ("[venue]\nleverage = 0\n", "leverage: expected at least 1"),
        ("[venue]\nmaker_fee = 2\n", "maker_fee: expected a fraction"),
        ('[venue]\nfill_on = "ticks"\n', "fill_on"),
        ("[backtest]\nchunk_rows = 0\n", "chunk_rows: expected at least 1"),
        ('[backtest]\nstart = "2024-01-02"\nend = "2024-01-01"\n', "start before end"),
        ('[backtest]\nstart = "soon"\n', "expected an instant"),
        ("venue = 1\n", "expected a table"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """Each error names the key and what was expected."""
    file = tmp_path / "backtest.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load(file)


def test_the_command_line_is_on_top(tmp_path: Path) -> None:
    """What is given there replaces the file's; contradictions are refused."""
    settings = override(load(None), start=Instant(5), strategy="m:S", show=None)
    assert settings.backtest.start == 5
    assert settings.strategy.path == "m:S"
    with pytest.raises(ConfigError, match="start before end"):
        override(settings, end=Instant(4))

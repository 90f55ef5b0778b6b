"""run_node.py with an envelope: a strategy that loses is stopped in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.support.envelope import envelopes
from tests.support.nodes.node_process import node

if TYPE_CHECKING:
    from pathlib import Path

STRATEGY: Final = "tests.support.envelope.losing_flipper:LosingFlipper"
TABLES: Final = """
[envelope]
file = "{file}"
on_warning = "{on_warning}"
[strategy]
class = "{strategy}"
"""


def _config(folder: Path, on_warning: str) -> Path:
    file = envelopes.write(folder / "envelope.json", STRATEGY, mean=0.5)
    path = folder / "node.toml"
    path.write_text(TABLES.format(file=file, on_warning=on_warning, strategy=STRATEGY))
    return path


def test_a_losing_strategy_is_warned_of_and_stopped_flat_and_remembered(tmp_path: Path) -> None:
    """Its envelope expects half of the notional value from each trade; the next start too."""
    config = _config(tmp_path, "stop")
    with node("--config", config, "--seconds", "120") as run:
        assert run.exit_code() == 0, run.output
        assert "ENVELOPE: the results of trades are worse" in run.output
        assert "stopped by the envelope" in run.output
        assert "left open nothing" in run.output
    with node("--config", config, "--seconds", "120") as run:
        assert run.exit_code() == 0, run.output
        assert "stopped by the envelope" in run.output


def test_an_envelope_of_another_configuration_is_refused(tmp_path: Path) -> None:
    """With the field that differs, before anything starts."""
    config = _config(tmp_path, "tell")
    config.write_text(config.read_text() + 'instrument_id = "ETHUSDT-PERP.BINANCE"\n')
    with node("--config", config, "--check") as run:
        assert run.exit_code() == 2
        assert "instrument_id" in run.output


def test_a_strategy_that_cannot_trade_less_is_not_reduced(tmp_path: Path) -> None:
    """It has no ``size_scale``."""
    with node("--config", _config(tmp_path, "reduce"), "--check") as run:
        assert run.exit_code() == 2
        assert "size_scale" in run.output

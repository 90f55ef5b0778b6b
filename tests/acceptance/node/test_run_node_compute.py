"""run_node.py --compute: factors computed in the node, the same as from what it recorded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from adapters.catalog import FactorCatalog
from tests.support.catalogs.sessions import STRATEGIES, Compared, record
from tests.support.nodes.forkserver import ROOT, run_forked
from tests.support.nodes.node_process import SCRIPT

DATA: Final = os.environ.get("DOLPHIN_DATA")
TICKS: Final = Path(DATA or "") / "ticks_20240808"
FACTORS: Final = ROOT / "docs" / "examples" / "computed.toml"
COMPUTE: Final = ROOT / "backtests" / "compute_factors.py"


def check(*arguments: object) -> tuple[int, str]:
    """Check a configuration; return the exit code and what was printed."""
    done = run_forked(SCRIPT, "--check", *arguments, is_merged=True)
    return done.returncode, done.stdout


def assert_computed_again(session: Path) -> int:
    """Compute a session's factors from its data, compare all bits, return the records."""
    done = run_forked(COMPUTE, "--catalog", session, "--factors", FACTORS, timeout_s=240)
    assert done.returncode == 0, done.stderr
    catalog = FactorCatalog(session)
    again = next(r for r in catalog.recordings() if r.is_after_market)
    live = next(r for r in catalog.recordings() if not r.is_after_market)
    assert again.schemas == live.schemas
    names = list(again.schemas[0])
    ts, bits, ts_event = _arrays(catalog, live.name, names)
    again_ts, again_bits, again_ts_event = _arrays(catalog, again.name, names)
    # A record is made of all data up to its instant; one without a change is not computed again.
    at = np.searchsorted(again_ts, ts, side="right") - 1
    assert np.array_equal(bits, again_bits[at])
    is_there = again_ts[at] == ts
    assert is_there.mean() > 0.5
    assert np.array_equal(ts_event[is_there], again_ts_event[at][is_there])
    return len(ts)


def _arrays(
    catalog: FactorCatalog, recording: str, names: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    batches = list(catalog.batches(recordings=[recording], names=names))
    values = np.concatenate([b.values for b in batches])
    values[np.isnan(values)] = np.nan
    return (
        np.concatenate([b.ts_init for b in batches]),
        values.view(np.int64),
        np.concatenate([b.ts_event for b in batches]),
    )


def test_a_session_s_factors_computed_again_have_the_same_bits(tmp_path: Path) -> None:
    """The simulated market's quotes, in the node and from its recording; the replay has parity."""
    arguments = ("--compute", FACTORS)
    output = record(tmp_path / "s", f"{STRATEGIES}:DataOnly", *arguments, factors=400)
    assert "factors computed here" in output
    assert "not computed: flow_5s, " in output
    assert "more: the simulated market has no trades of BTCUSDT-PERP" in output
    assert assert_computed_again(tmp_path / "s") > 200
    compared = Compared(tmp_path / "s")
    assert compared.exit_code == 0, compared.output


@pytest.mark.skipif(
    not (DATA and TICKS.is_dir()), reason="DOLPHIN_DATA names no folder with ticks_20240808 in it"
)
@pytest.mark.long
@pytest.mark.parametrize("seconds", [8, 60])
def test_real_ticks_computed_in_the_node_and_again_have_the_same_bits(
    tmp_path: Path, seconds: int
) -> None:
    """Quotes and trades, thousands a second, in bursts: every factor of every record."""
    arguments = ("--compute", FACTORS, "--replay", TICKS, "--speed", 10, "--seconds", seconds)
    record(tmp_path / "s", f"{STRATEGIES}:DataAndTrades", *arguments)
    assert assert_computed_again(tmp_path / "s") > 1_000


def test_settings_are_checked_before_anything_starts(tmp_path: Path) -> None:
    """In the file as well; a factor that the market cannot give is missed before the start."""
    strategy = ("--strategy", f"{STRATEGIES}:DataOnly")
    code, output = check("--compute", FACTORS, *strategy)
    assert code == 0, output
    assert "8 factors computed here" in output
    config = tmp_path / "node.toml"
    config.write_text(f'[node]\ncompute = "{FACTORS}"\nwait = "spin"\n', encoding="utf-8")
    code, output = check("--config", config, *strategy)
    assert code == 2
    assert "use wait 'event'" in output
    code, output = check("--compute", FACTORS, "--producer", "outside", *strategy)
    assert code == 2
    assert "leave out producer" in output
    # The example's default strategy needs the basis, and the simulated market has no spot.
    code, output = check("--compute", FACTORS)
    assert code == 2
    assert "basis" in output

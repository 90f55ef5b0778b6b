"""compute_factors.py and run_backtest.py --compute: the same records, after their market data."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from nautilus_trader.model import NautilusDataType
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.catalog import FactorCatalog
from adapters.market.btcusdt_instruments import BTCUSDT_PERP, btcusdt_perp
from backtests.inputs.computing.computed_inputs import find_inputs
from backtests.inputs.computing.computed_recording import STAGE
from dolphin_strategies.computed.spec import ComputedSpec
from tests.integration.computing.commands import (
    BACKTEST,
    ENVIRONMENT,
    FLIPPER,
    TIMEOUT_S,
    backtest,
    columns,
    compute,
    small_chunks,
    table,
    write_market,
)
from tests.integration.computing.market import changes, market, recomputed, same, specs
from tests.support.nodes.forkserver import run_forked

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)


def test_a_catalog_s_factors_equal_a_plain_recomputation(catalog: Path, factors: Path) -> None:
    """At the instants at which something changed, with the values of that instant."""
    done = compute("--catalog", catalog, "--factors", factors)
    assert done.returncode == 0, done.stderr
    assert "as recording 'computed'" in done.stdout
    quotes, trades = market(7)
    expected = recomputed([*quotes, *trades], 1 << 62)
    ts, values = FactorCatalog(catalog).arrays(["mid", "spread", "imbalance"])
    found = changes(list(zip(ts.tolist(), values.tolist(), strict=True)))
    assert [at_ns for at_ns, _ in found] == [at_ns for at_ns, _ in expected]
    assert all(same(a, b) for (_, a), (_, b) in zip(found, expected, strict=True))
    assert all(a < b for a, b in pairwise(ts.tolist()))
    (recording,) = FactorCatalog(catalog).recordings()
    assert recording.is_after_market
    assert recording.is_ended
    assert FactorCatalog(catalog).verify() == []
    assert not (catalog / STAGE).exists()


@pytest.mark.parametrize("rows", [1, 7, 100_000])
def test_the_records_do_not_depend_on_the_pieces_in_which_data_is_read(
    catalog: Path, rows: int
) -> None:
    """The same bits, however few rows are in memory."""
    inputs = find_inputs(catalog, specs())
    whole = columns(inputs.batches(inputs.first_ns, inputs.end_ns, lambda: 50_000))
    assert columns(inputs.batches(inputs.first_ns, inputs.end_ns, lambda: rows)) == whole


def test_the_recording_and_the_way_give_one_strategy_the_same(
    catalog: Path, factors: Path, tmp_path: Path
) -> None:
    """The same records, bit for bit, at the same places; the same orders and fills."""
    assert compute("--catalog", catalog, "--factors", factors).returncode == 0
    inputs = find_inputs(catalog, specs())
    recorded = columns(FactorCatalog(catalog).batches())
    assert columns(inputs.window(inputs.first_ns, inputs.end_ns)) == recorded
    logs = []
    for name, options in (
        ("recorded", ("--recording", "computed")),
        ("on_the_way", ("--compute", factors)),
        ("small_chunks", ("--recording", "computed", "--config", small_chunks(tmp_path))),
    ):
        logs.append(backtest(tmp_path, catalog, name, *options))
    assert logs[0] == logs[1] == logs[2]
    lines = logs[0].splitlines()
    assert sum(" filled " in line for line in lines) > 20
    assert any(line.endswith("stale") for line in lines)


def test_an_order_meets_the_market_from_which_its_factor_was_computed(
    factors: Path, tmp_path: Path
) -> None:
    """Records come after all quotes of their instant, so that no fill has an older price."""
    # Without trades, whose price the engine takes for both sides of the touch.
    catalog = write_market(tmp_path / "quotes", 400, has_trades=False)
    assert compute("--catalog", catalog, "--factors", factors).returncode == 0
    lines = [
        line.split()
        for line in backtest(tmp_path, catalog, "run", "--recording", "computed").splitlines()
    ]
    mid, side, fills = 0.0, "", 0
    for at_ns, what, *rest in lines:
        if what in {"quote", "factors"}:
            assert at_ns == rest[-1]
        elif what == "order":
            side, mid = rest[0], float(rest[1])
        elif what == "filled" and side:
            # A quote is 0.5 wide.
            assert float(rest[0]) == pytest.approx(mid + (0.25 if side == "BUY" else -0.25))
            side, fills = "", fills + 1
    assert fills > 20


def test_a_window_and_an_instrument_can_be_chosen(
    catalog: Path, factors: Path, tmp_path: Path
) -> None:
    """Half-open, by the data's ts_init; what is elsewhere is left out with its reason."""
    more = tmp_path / "more.toml"
    elsewhere = specs()[0]
    text = factors.read_text(encoding="utf-8")
    eth = table(elsewhere, "ETHUSDT-PERP.BINANCE").replace('"mid"', '"eth_mid"')
    more.write_text(text + eth, encoding="utf-8")
    quotes, _ = market(7)
    start_ns, end_ns = quotes[50].ts_init, quotes[200].ts_init
    window = ("--start", start_ns, "--end", end_ns)
    done = compute("--catalog", catalog, "--factors", more, "--recording", "part", *window)
    assert done.returncode == 0, done.stderr
    assert "left out: eth_mid: the catalog has no quotes of ETHUSDT-PERP.BINANCE" in done.stderr
    ts, _ = FactorCatalog(catalog).arrays(["mid"])
    assert ts[0] == start_ns
    assert ts[-1] < end_ns
    other = ("--factors", factors, "--instrument", "XRP.BINANCE", "--recording", "x")
    refused = compute("--catalog", catalog, *other)
    assert refused.returncode == 2
    assert "no market data of 'XRP.BINANCE'" in refused.stderr


def test_what_needs_a_definition_is_left_out_where_there_is_none(tmp_path: Path) -> None:
    """Of a catalog of quotes alone: what coins are is not known, so that no value could be."""
    path = tmp_path / "catalog"
    path.mkdir()
    ParquetDataCatalog(str(path)).write_quote_ticks(market(7)[0])
    both = [
        ComputedSpec(
            name=name,
            class_name=name,
            instruments=(str(BTCUSDT_PERP),),
            parameters=parameters,
            low=-1e9,
            high=1e9,
            time_to_live_s=2.0,
        )
        for name, parameters in (("Mid", {}), ("OrderFlowImbalance", {"events": 2}))
    ]
    found = find_inputs(path, both)
    assert found.schema.names == ("Mid",)
    assert found.left_out == (
        f"OrderFlowImbalance: the catalog has no definition of {BTCUSDT_PERP}",
    )
    # As of a table [instrument] of a backtest's configuration.
    found = find_inputs(path, both, definitions=[btcusdt_perp()])
    assert (found.left_out, found.instruments) == ((), (btcusdt_perp(),))
    ParquetDataCatalog(str(path)).write_instruments([btcusdt_perp()])
    found = find_inputs(path, both)
    assert found.left_out == ()


@pytest.mark.long
def test_what_cannot_be_used_is_exit_code_2_and_changes_nothing(
    catalog: Path, factors: Path, tmp_path: Path
) -> None:
    """A name that is taken, no catalog, no such class, two origins of factors."""
    assert compute("--catalog", catalog, "--factors", factors).returncode == 0
    before = columns(FactorCatalog(catalog).batches())
    again = compute("--catalog", catalog, "--factors", factors)
    assert again.returncode == 2
    assert "has a recording 'computed' already" in again.stderr
    assert columns(FactorCatalog(catalog).batches()) == before
    assert compute("--catalog", tmp_path / "none", "--factors", factors).returncode == 2
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(table(specs()[0]).replace('"Mid"', '"Mit"'), encoding="utf-8")
    refused = compute("--catalog", catalog, "--factors", wrong, "--recording", "other")
    assert refused.returncode == 2
    assert "Mit" in refused.stderr
    for instrument, reason in (
        ("BTCUSDT-PERP", "instrument: expected one such as BTCUSDT-LINEAR.BYBIT"),
        ("BTCUSD-PERP.BINANCE", "did you mean 'BTCUSDT-PERP.BINANCE'"),
    ):
        wrong.write_text(table(specs()[0], instrument), encoding="utf-8")
        refused = compute("--catalog", catalog, "--factors", wrong, "--recording", "other")
        assert refused.returncode == 2
        assert reason in refused.stderr
    words = ("--catalog", catalog, "--strategy", "a:B", "--compute", factors)
    both = run_forked(BACKTEST, *words, "--recording", "computed", env=ENVIRONMENT)
    assert both.returncode == 2
    assert "found both" in both.stderr
    late = run_forked(
        BACKTEST,
        *("--catalog", catalog, "--strategy", FLIPPER, "--compute", factors),
        *("--start", "2030-01-01", "--out", tmp_path / "late"),
        env=ENVIRONMENT,
    )
    assert late.returncode == 2
    assert "a window in which there is market data, found one from 2030-01-01" in late.stderr


@pytest.mark.long
def test_the_look_ahead_proof_holds_for_computed_factors(
    catalog: Path, factors: Path, tmp_path: Path
) -> None:
    """Decisions depend on records before an instant alone; the copies keep their order."""
    assert compute("--catalog", catalog, "--factors", factors).returncode == 0
    done = run_forked(
        BACKTEST,
        *("--catalog", catalog, "--recording", "computed", "--prove-no-lookahead"),
        *("--instants", 2, "--strategy", FLIPPER),
        cwd=tmp_path,
        env=ENVIRONMENT,
        timeout_s=TIMEOUT_S,
    )
    assert "NO LOOK-AHEAD FOUND" in done.stdout, done.stdout + done.stderr
    refused = run_forked(
        BACKTEST,
        *("--catalog", catalog, "--compute", factors, "--prove-no-lookahead", "--strategy", "a:B"),
        env=ENVIRONMENT,
    )
    assert refused.returncode == 2
    assert "compute_factors.py" in refused.stderr


def test_delays_and_drawings_have_computed_factors_too(
    catalog: Path, factors: Path, tmp_path: Path
) -> None:
    """A delayed record keeps its place after the market data; the report shows what was seen."""
    done = run_forked(
        BACKTEST,
        *("--catalog", catalog, "--compute", factors, "--factor-delay", "0,1s"),
        *("--strategy", FLIPPER),
        *("--show", "spread", "--out", tmp_path / "out"),
        cwd=tmp_path,
        env=ENVIRONMENT,
        timeout_s=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    assert "factors   3, computed on the way" in done.stdout
    assert "what freshness is worth" in done.stdout
    assert "spread" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_drills_of_computed_factors_leave_the_market_alone(
    catalog: Path, factors: Path, tmp_path: Path
) -> None:
    """Random ones are of factors only; one of the market is refused, because they would differ."""
    words = ("--catalog", catalog, "--compute", factors, "--strategy", FLIPPER, "--out", "out")
    where: Any = {"cwd": tmp_path, "env": ENVIRONMENT, "timeout_s": TIMEOUT_S}
    done = run_forked(BACKTEST, *words, "--drill", "random", **where)
    assert done.returncode == 0, done.stderr
    drills = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))["drills"]["drills"]
    kinds = ["feed_stop", "freeze", "jump", "late", "lose_name", "nan"]
    assert sorted(one["kind"] for one in drills) == kinds
    assert all(one["hits"] for one in drills)
    start = ParquetDataCatalog(str(catalog)).query(NautilusDataType.QuoteTick)[0].ts_init
    text = f'[[drill]]\nkind = "market_gap"\nstart = "{start + 1}"\nduration = "1ms"\n'
    (tmp_path / "drills.toml").write_text(text, encoding="utf-8")
    refused = run_forked(BACKTEST, *words, "--drill", "drills.toml", **where)
    assert refused.returncode == 2
    assert "compute_factors.py" in refused.stderr

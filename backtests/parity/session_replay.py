"""The replay of a recorded session in a BacktestEngine, each input at its delivery time."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nautilus_trader.model import CustomData, FundingRateUpdate, QuoteTick, TradeTick

from adapters.command.market_settings import MarketSettings
from adapters.command.progress_bar import StepProgress
from adapters.command.user_code import strategy_class
from adapters.command.user_code.user_modules import look_in
from adapters.session.recorded_inputs import SessionError, instruments_of
from adapters.session.tap.strategy_tap import StrategyTap
from backtests.engine.backtest_venue import BacktestVenue
from backtests.engine.engine_setup import build_engine
from backtests.parity.deliveries import Deliveries, mark
from backtests.parity.input_comparison import InputComparison, Replayed
from dolphin_strategies.order_gates.price_gate import PriceGate
from dolphin_strategies.order_gates.price_rules import PriceRules
from dolphin_strategies.order_gates.risk.risk_gate import RiskGate
from dolphin_strategies.order_gates.risk.risk_limits import RiskLimits
from dolphin_strategies.order_gates.risk.trading import Trading
from dolphin_strategies.simulation.strategy_stop import stop_strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nautilus_trader.backtest import BacktestEngine
    from nautilus_trader.trading import ExecutionAlgorithm

    from adapters.command.user_code.strategy_class import AnyFactorStrategy
    from adapters.session.recorded_inputs import Input
    from adapters.session.recorded_session import RecordedSession

INPUTS_PER_CHUNK: Final = 20_000
"""Inputs of a chunk, so that a session of any length is replayed in bounded memory."""


def replay(session: RecordedSession, *, latency_ms: float = 0.0) -> Replayed:
    """Replay a session with the strategy that it names.

    Parameters
    ----------
    session : RecordedSession
        The recorded session.
    latency_ms : float
        From the submission of an order to its arrival at the venue, milliseconds.

    Raises
    ------
    ConfigError
        If the strategy cannot be made.
    SessionError
        If the session cannot be replayed.

    """
    strategy = make_strategy(session)
    found = Replayed()
    engine = _build_engine(session, latency_ms)
    try:
        # Its history is among the inputs.
        setattr(strategy, "factor_history", None)  # noqa: B010 - on this instance only
        log = InputComparison(found)
        risk = _risk_gate(session, strategy)
        gate = _price_gate(session, strategy, latency_ms, risk.algorithm)
        tap = StrategyTap(strategy, log, _clock_of(strategy))
        deliveries = Deliveries(strategy)
        engine.add_actor(deliveries.actor)
        engine.add_exec_algorithm(risk.algorithm)
        if gate is not None:
            engine.add_actor(gate.watch)
        engine.add_strategy(strategy)
        _run(engine, session, deliveries, log)
        found.inputs = tap.events.number
        found.failure = tap.events.problem
        log.is_over = True
        stop_strategy(
            strategy, strategy.clock.timestamp_ns(), lambda at_ns: _give(engine, [mark(at_ns)])
        )
        engine.end()
    except RuntimeError as error:
        msg = f"{session.folder}: NautilusTrader cannot replay the session: {error}"
        raise SessionError(msg) from error
    finally:
        engine.dispose()
    return found


def make_strategy(session: RecordedSession) -> AnyFactorStrategy:
    """Make the strategy that a session names, as the node did.

    Raises
    ------
    ConfigError
        If there is no such class, or it does not accept the session's config.

    """
    named = session.header["strategy"]
    folder = named.get("folder", "")
    # After the current folder, the folder in which the node was started.
    for place in (str(Path.cwd()), folder):
        if place:
            look_in(place)
    return strategy_class.make_strategy(named["path"], named["config"])


def _run(
    engine: BacktestEngine, session: RecordedSession, deliveries: Deliveries, log: InputComparison
) -> None:
    """Run all inputs through the engine, a chunk at a time, up to the first one missing."""
    started = next((n["ns"] for n in session.lines if n.get("hook") == "on_start"), None)
    last_ns = started or session.header["started_ns"]
    _give(engine, [mark(last_ns)])
    count = 0
    # A killed node has written down no number.
    with StepProgress(session.recorded or 0, "inputs") as bar:
        for chunk in _chunks(session.inputs()):
            data: list[Any] = []
            for item in chunk:
                if item.number != count + 1 or item.delivered_ns <= last_ns:
                    log.found.gap_at = count + 1
                    log.found.gap = (
                        f"the next one has number {item.number}, time {item.delivered_ns}"
                    )
                    break
                count += 1
                last_ns = item.delivered_ns
                log.expected.append(item)
                data += deliveries.data_of(item)
            _give(engine, data)
            bar.show(count)
            if log.found.gap_at:
                return
    # For alerts that fired after the last input.
    end_ns = max((n["ns"] for n in session.lines), default=0)
    if end_ns > last_ns:
        _give(engine, [mark(end_ns)])


def _chunks(inputs: Iterator[Input]) -> Iterator[list[Input]]:
    """Yield lists of inputs of limited length, without splitting a chunk of history."""
    held: list[Input] = []
    for item in inputs:
        held.append(item)
        if len(held) >= INPUTS_PER_CHUNK and item.ends_chunk:
            yield held
            held = []
    if held:
        yield held


def _give(engine: BacktestEngine, data: Iterable[Any]) -> None:
    """Run data through the engine.

    Nautilus only logs an exception of a strategy's method; the tap has recorded it.
    """
    engine.clear_data()
    for kind in (CustomData, QuoteTick, TradeTick, FundingRateUpdate):
        if some := [d for d in data if type(d) is kind]:
            engine.add_data(some)
    # No end: the data determines it.
    engine.run(streaming=True)


def _clock_of(strategy: AnyFactorStrategy) -> Callable[[], int]:
    """Return a strategy's clock, which exists from its start on."""
    found: list[Any] = []

    def now_ns() -> int:
        if not found:
            found.append(strategy.clock)
        return int(found[0].timestamp_ns())

    return now_ns


def _risk_gate(session: RecordedSession, strategy: AnyFactorStrategy) -> RiskGate:
    """Return the gate by the limits of the session's node; sessions before them had none.

    The switch is not replayed: a node that was halted for a while differs from here on.
    """
    recorded = session.header.get("risk")
    try:
        limits = RiskLimits() if recorded is None else RiskLimits.of_plain(recorded)
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        msg = f"session.json: risk: {error!r}"
        raise SessionError(msg) from None
    return RiskGate(strategy, limits, Trading())


def _price_gate(
    session: RecordedSession,
    strategy: AnyFactorStrategy,
    latency_ms: float,
    algorithm: ExecutionAlgorithm,
) -> PriceGate | None:
    """Return the gate of the session's node; None for sessions without one."""
    recorded = session.header.get("market")
    if recorded is None:
        return None
    try:
        settings = MarketSettings(**recorded)
    except (TypeError, ValueError) as error:
        msg = f"session.json: market: {error}"
        raise SessionError(msg) from None
    latency_ns = round(latency_ms * 1_000_000)
    rules = settings.rules(PriceRules(kinds=("quotes",), latency_ns=latency_ns))
    return None if rules is None else PriceGate(strategy, rules, algorithm)


def _build_engine(session: RecordedSession, latency_ms: float) -> BacktestEngine:
    """Build an engine with the account, fees and instruments of the session's node.

    The engine continues after an exception, as a live node does for a moment.
    """
    sandbox = session.header["sandbox"]
    try:
        venue = BacktestVenue(
            balances=[f"{float(sandbox['balance_usdt']):.8f} USDT"],
            leverage=Decimal(sandbox["leverage"]),
            maker_fee=Decimal(sandbox["maker_fee"]),
            taker_fee=Decimal(sandbox["taker_fee"]),
            latency_ms=latency_ms,
        )
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        msg = f"session.json: sandbox: {error!r}"
        raise SessionError(msg) from None
    return build_engine(
        venue=venue,
        instruments=instruments_of(session.header),
        fill_on="quotes",
        log_level=None,
        stops_on_error=False,
    )

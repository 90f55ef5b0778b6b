"""The replay of a recorded session in a BacktestEngine, each input at its delivery time."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import nautilus_trader.model as nautilus_model
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel, StaticLatencyModel
from nautilus_trader.model import (
    AccountType,
    Currency,
    CustomData,
    Money,
    OmsType,
    QuoteTick,
    TraderId,
    TradeTick,
)

from adapters.command.strategy_class import find_strategy, make_config
from adapters.session.recorded_inputs import SessionError
from adapters.session.tap.strategy_tap import StrategyTap
from backtests.engine.strategy_errors import EscapedErrors, sentence
from backtests.parity.deliveries import Deliveries, mark
from backtests.parity.replay_log import Replayed, ReplayLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from adapters.command.strategy_class import AnyFactorStrategy
    from adapters.session.recorded_inputs import Input
    from adapters.session.recorded_session import RecordedSession

INPUTS_PER_CHUNK: Final = 20_000
"""So that a session of any length is replayed in bounded memory."""
EXIT_STEP_NS: Final = 100_000_000
MAX_EXIT_STEPS: Final = 200


def replay(session: RecordedSession, *, latency_ms: float = 0.0) -> Replayed:
    """Replay a session with the strategy that it names.

    Parameters
    ----------
    session : RecordedSession
        What was recorded.
    latency_ms : float
        From an order to the venue.

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
        # What it was given of the past is among the inputs.
        setattr(strategy, "factor_history", None)  # noqa: B010 - on this instance only
        log = ReplayLog(found)
        tap = StrategyTap(strategy, log, _clock_of(strategy))
        deliveries = Deliveries(strategy)
        engine.add_actor(deliveries.actor)
        engine.add_strategy(strategy)
        error = _run(engine, session, deliveries, log)
        found.inputs = tap.events.number
        found.failure = sentence(error) if error is not None else tap.events.problem
        log.is_over = True
        _stop(engine, strategy)
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
        If there is no such class, or it does not take the session's config.

    """
    told = session.header["strategy"]
    folder = told.get("folder", "")
    if folder and folder not in sys.path:
        # After the current folder, and where the node was started.
        sys.path.append(folder)
    strategy_class = find_strategy(told["path"])
    return strategy_class(make_config(strategy_class, told["config"]))


def _run(
    engine: BacktestEngine, session: RecordedSession, deliveries: Deliveries, log: ReplayLog
) -> BaseException | None:
    """Run all inputs through the engine, a chunk at a time, up to the first one missing.

    Return what the strategy raised, if it did.
    """
    started = next((n["ns"] for n in session.lines if n.get("hook") == "on_start"), None)
    last_ns = started or session.header["started_ns"]
    error = _give(engine, [mark(last_ns)])
    count = 0
    for chunk in _chunks(session.inputs()):
        data: list[Any] = []
        for item in chunk:
            if item.number != count + 1 or item.delivered_ns <= last_ns:
                log.found.gap_at = count + 1
                log.found.gap = f"the next one has number {item.number}, time {item.delivered_ns}"
                break
            count += 1
            last_ns = item.delivered_ns
            log.expected.append(item)
            data += deliveries.data_of(item)
        error = _give(engine, data) or error
        if log.found.gap_at:
            return error
    # Alerts that fired after the last input.
    end_ns = max((n["ns"] for n in session.lines), default=0)
    if end_ns > last_ns:
        error = _give(engine, [mark(end_ns)]) or error
    return error


def _chunks(inputs: Iterator[Input]) -> Iterator[list[Input]]:
    """Yield so many inputs at a time, no chunk of history in two."""
    held: list[Input] = []
    for item in inputs:
        held.append(item)
        if len(held) >= INPUTS_PER_CHUNK and item.ends_chunk:
            yield held
            held = []
    if held:
        yield held


def _give(engine: BacktestEngine, data: Iterable[Any]) -> BaseException | None:
    """Run data through the engine; return what Python code raised there, which it only logs."""
    engine.clear_data()
    for kind in (CustomData, QuoteTick, TradeTick):
        if some := [d for d in data if type(d) is kind]:
            engine.add_data(some)
    # No end: the data has one.
    with EscapedErrors() as escaped:
        engine.run(streaming=True)
    return escaped.first


def _clock_of(strategy: AnyFactorStrategy) -> Callable[[], int]:
    """Return a strategy's clock, which it has from its start on."""
    found: list[Any] = []

    def now_ns() -> int:
        if not found:
            found.append(strategy.clock)
        return int(found[0].timestamp_ns())

    return now_ns


def _stop(engine: BacktestEngine, strategy: AnyFactorStrategy) -> None:
    """Stop the strategy, so that the engine can be disposed of; nobody looks any more."""
    at_ns = strategy.clock.timestamp_ns()
    if strategy.is_running():
        strategy.stop()
    for _ in range(MAX_EXIT_STEPS):
        if not strategy.is_running():
            break
        at_ns += EXIT_STEP_NS
        _give(engine, [mark(at_ns)])
    engine.end()


def _build_engine(session: RecordedSession, latency_ms: float) -> BacktestEngine:
    sandbox = session.header["sandbox"]
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("DOLPHIN-001"),
            # A live node goes on for a moment after an exception, and so does the replay.
            shutdown_on_error=False,
            logging=LoggerConfig(bypass_logging=True),
        )
    )
    instruments = [_instrument(values) for values in session.header.get("instruments", [])]
    latency = (
        StaticLatencyModel(base_latency_nanos=round(latency_ms * 1e6)) if latency_ms else None
    )
    for venue in dict.fromkeys(i.id.venue for i in instruments):
        engine.add_venue(
            venue,
            OmsType.NETTING,
            AccountType.MARGIN,
            [Money(float(sandbox["balance_usdt"]), Currency.from_str("USDT"))],
            default_leverage=Decimal(sandbox["leverage"]),
            fee_model=MakerTakerFeeModel(
                Decimal(sandbox["maker_fee"]), Decimal(sandbox["taker_fee"])
            ),
            latency_model=latency,
            bar_execution=False,
            trade_execution=False,
        )
    for instrument in instruments:
        engine.add_instrument(instrument)
    return engine


def _instrument(values: dict[str, Any]) -> Any:
    try:
        return getattr(nautilus_model, values["type"]).from_dict(values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        msg = f"session.json: instrument {values.get('id')}: {error!r}"
        raise SessionError(msg) from None

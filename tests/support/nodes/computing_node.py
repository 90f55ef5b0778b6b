"""A node that computes factors from a venue's streams, and keeps all data that it was given."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nautilus_trader.common import DataActor, Environment, LoggerConfig, LogLevel
from nautilus_trader.live import LiveNodeBuilder, LiveNodeConfig
from nautilus_trader.model import TraderId
from nautilus_trader.persistence import ParquetDataCatalog

from adapters.computing.computing_actor import ComputingActor, subscribe_input
from adapters.exf.registry.computed_file import read_specs
from adapters.streams.stream_venues import STREAM_VENUES
from dolphin_strategies.computed.factor_set import ComputedFactors

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable

    from dolphin_strategies.computed.inputs import Input

CONNECT_S: Final = 20.0


class Keeper(DataActor):
    """Keeps what comes of some inputs, as a catalog takes it."""

    def __new__(cls, *_: Any) -> Keeper:  # noqa: PYI034 - Nautilus's base takes a config
        return super().__new__(cls)

    def __init__(self, inputs: Iterable[Input]) -> None:
        super().__init__()
        self._inputs = tuple(inputs)
        self.quotes: list[Any] = []
        self.trades: list[Any] = []
        self.deltas: list[Any] = []
        self.marks: list[Any] = []
        self.indexes: list[Any] = []
        self.instruments: list[Any] = []

    def on_start(self) -> None:
        for needed in self._inputs:
            subscribe_input(self, needed)

    def on_quote(self, quote: Any) -> None:
        self.quotes.append(quote)

    def on_trade(self, trade: Any) -> None:
        self.trades.append(trade)

    def on_book_deltas(self, deltas: Any) -> None:
        self.deltas += deltas.deltas

    def on_mark_price(self, mark_price: Any) -> None:
        self.marks.append(mark_price)

    def on_index_price(self, index_price: Any) -> None:
        self.indexes.append(index_price)

    def on_stop(self) -> None:
        self.instruments = self.cache.instruments()

    def write(self, folder: Path) -> None:
        """Write everything into a catalog."""
        folder.mkdir()
        catalog = ParquetDataCatalog(str(folder))
        catalog.write_instruments(self.instruments)
        catalog.write_quote_ticks(self.quotes)
        catalog.write_trade_ticks(self.trades)
        catalog.write_order_book_deltas(self.deltas)
        catalog.write_mark_price_updates(self.marks)
        catalog.write_index_price_updates(self.indexes)


def run(base_url: str, venue: str, factors: str, folder: str) -> None:
    """Run until a line comes; then write the data and the records.

    Prints a line when it runs, once when no factor has a value any more, and when all is written.
    """

    async def main() -> None:
        loop = asyncio.get_running_loop()
        config = LiveNodeConfig(
            environment=Environment.SANDBOX,
            trader_id=TraderId("COMPUTING-001"),
            logging=LoggerConfig(stdout_level=LogLevel.OFF),
            timeout_connection_secs=CONNECT_S,
        )
        client = STREAM_VENUES[venue].data_client(base_url)
        node = LiveNodeBuilder.from_config("Computing", config).add_data_client(*client).build()
        computed = ComputedFactors(read_specs(Path(factors)))
        records: list[tuple[int, int, bytes]] = []
        has_values = was_silent = False

        def keep(values: array[float], ts_event: int, ts_init: int) -> None:
            nonlocal has_values, was_silent
            records.append((ts_init, ts_event, values.tobytes()))
            had_values, has_values = has_values, not all(map(math.isnan, values))
            if had_values and not has_values and not was_silent:
                was_silent = True
                print("silent", flush=True)

        keeper = Keeper(computed.inputs)
        node.add_actor(keeper)
        node.add_actor(ComputingActor(computed, keep))
        handle = node.handle()
        stopping = loop.run_in_executor(None, input)
        stopping.add_done_callback(lambda _: handle.stop())
        print("running", flush=True)
        await node.run_async()
        keeper.write(Path(folder) / "catalog")
        values = np.frombuffer(b"".join(r[2] for r in records)).reshape(len(records), -1)
        stamps = np.array([r[:2] for r in records], np.int64)
        np.savez(Path(folder) / "live.npz", stamps=stamps, values=values)
        print("written", flush=True)

    asyncio.run(main())

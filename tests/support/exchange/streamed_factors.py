"""A factor file of streamed factors for tests, and the service that streams them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.support.eventually import eventually
from tests.support.exchange.exf import ExfProcess, attached, exf_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from adapters.shm import FactorReader
    from tests.support.exchange.local_exchange import LocalExchange

SYMBOLS: Final = {
    "bybit": "{}USDT",
    "okx": "{}-USDT-SWAP",
    "binance_usdm": "{}USDT",
    "hyperliquid": "{}",
    "deribit": "{}-PERPETUAL",
}
"""Venue → what it calls the perpetual of a coin."""
_OTHERWISE: Final = {("deribit", "SOL"): "SOL_USDC-PERPETUAL"}
IN_DOLLARS: Final = ("hyperliquid", "deribit")
_TABLE: Final = """
[[computed]]
class = "{class_name}"
venue = "{venue}"
assets = {assets}
name = "{name}"
unit = "{unit}"
range = [{low}, {high}]
time_to_live_s = {life}
about = "of a test"
"""
_CLASSES: Final = {
    "Mid": ("mid_{asset_lc}_%s", "", 0.0, 1e9),
    "TouchImbalance": ("touch_{asset_lc}_%s", "-1 to 1", -1.0, 1.0),
}


def symbol_of(venue: str, asset: str) -> str:
    """Return what a venue calls the perpetual of a coin."""
    return _OTHERWISE.get((venue, asset)) or SYMBOLS[venue].format(asset)


def streamed_factors(
    *venues: str, assets: tuple[str, ...] = ("BTC",), time_to_live_s: float = 2.0
) -> str:
    """Return a factor file: mid and imbalance of each coin at each venue.

    ``mid_btc_…`` is polled too; ``touch_…`` is streamed only.
    """
    return "".join(
        _TABLE.format(
            class_name=class_name,
            venue=venue,
            assets=json.dumps(assets),
            name=name % venue.removesuffix("_usdm"),
            unit=unit or ("USD" if venue in IN_DOLLARS else "USDT"),
            low=low,
            high=high,
            life=time_to_live_s,
        )
        for venue in venues
        for class_name, (name, unit, low, high) in _CLASSES.items()
    )


class StreamingProcess:
    """A running ``run_exf.py run --streams``, and a reader of its region."""

    def __init__(self, exf: ExfProcess, reader: FactorReader) -> None:
        self.exf: Final = exf
        self.reader: Final = reader

    def value(self, name: str) -> float:
        """Return the newest published value."""
        latest = self.reader.latest()
        assert latest is not None
        return latest[name]

    def until(self, name: str, value: float) -> None:
        """Wait until a factor has a value."""
        eventually(lambda: self.value(name) == value, f"{name} {value}")

    def until_none(self, name: str) -> None:
        """Wait until a factor has no value."""
        eventually(lambda: self.value(name) != self.value(name), f"no {name}")

    def until_from(self, name: str, origin: str) -> None:
        """Wait until a factor's value comes from there: stream, poll or none."""
        eventually(lambda: self.status()["factors"]["from"][name] == origin, f"{name} {origin}")

    def status(self) -> dict[str, Any]:
        """Return what the service last wrote of itself."""
        folder = self.exf.region.with_name(self.exf.region.name + ".service.d")
        found: dict[str, Any] = json.loads((folder / "status.json").read_text())
        return found

    def venue(self, name: str) -> dict[str, Any]:
        """Return what the service last wrote of a venue."""
        found: dict[str, Any]
        found = next(v for v in self.status()["streams"]["venues"] if v["venue"] == name)
        return found

    def until_streaming(self, *names: str) -> None:
        """Wait until these venues are connected."""
        eventually(lambda: all(self.venue(n)["connected"] for n in names), f"streams of {names}")


@contextmanager
def streaming_process(
    region: Path,
    folder: Path,
    exchange: LocalExchange | str,
    text: str,
    *arguments: object,
    is_quiet: bool = False,
) -> Iterator[StreamingProcess]:
    """Run the service against an exchange, or an address, and see to it that it ends."""
    file = folder / "streamed.toml"
    file.write_text(text)
    url = exchange if isinstance(exchange, str) else exchange.url
    words = ("--streams", "--factors", file, "--base-url", url, *arguments)
    with exf_process(region, *words, is_quiet=is_quiet) as exf, attached(region) as reader:
        yield StreamingProcess(exf, reader)

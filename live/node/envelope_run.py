"""EnvelopeRun: the watch over a node's strategy by its envelope, if the settings name one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.command.terminal import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.command.strategy_class import AnyFactorStrategy
    from adapters.envelope.envelope_watch import EnvelopeWatch
    from live.node.settings.node_settings import NodeSettings


class EnvelopeRun:
    """The watch of one run, and its line in the summary.

    Parameters
    ----------
    settings : NodeSettings
        Checked settings.
    strategy : FactorStrategy
        Not running yet.
    stop : callable
        Ends the run in order, with the reason.

    Attributes
    ----------
    watch : EnvelopeWatch or None
        The actor for the node; None without an envelope.

    Raises
    ------
    DolphinError
        If the envelope cannot be used, or another process keeps its memory.

    """

    def __init__(
        self, settings: NodeSettings, strategy: AnyFactorStrategy, stop: Callable[[str], object]
    ) -> None:
        self.watch: Final = _watch(settings, strategy, stop)

    def summary(self) -> list[str]:
        """Return the lines of the run's summary."""
        return [] if self.watch is None else [f"  envelope  {self.watch.rules.status()}"]


def _watch(
    settings: NodeSettings, strategy: AnyFactorStrategy, stop: Callable[[str], object]
) -> EnvelopeWatch | None:
    envelope = settings.envelope.read(settings.strategy)
    path = settings.envelope.memory_path
    if envelope is None or path is None:
        return None
    from adapters.envelope.envelope_watch import EnvelopeWatch  # noqa: PLC0415 - only with one
    from adapters.envelope.watch_memory import WatchMemory  # noqa: PLC0415

    memory = WatchMemory(path, envelope.sha256)
    return EnvelopeWatch(strategy, envelope, settings.envelope, tell=say, stop=stop, memory=memory)

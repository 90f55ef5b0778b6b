"""EnvelopeSettings: the envelope that a run is compared with, and what a warning does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from adapters.command.field_rules import CheckedFields, more_than
from adapters.command.user_code.strategy_class import find_strategy
from adapters.session.envelope.envelope_file import check_belongs, read_envelope
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.command.user_code.strategy_class import StrategySettings
    from dolphin_strategies.envelope.envelope import Envelope

type OnWarning = Literal["tell", "reduce", "stop"]
SIZE_SCALE = "size_scale"
"""The attribute of a strategy that can trade less: it multiplies its order sizes by it."""


@dataclass(frozen=True, kw_only=True)
class EnvelopeSettings(CheckedFields):
    """The ``[envelope]`` table, the same for backtests and nodes.

    Attributes
    ----------
    file : Path, optional
        The file that envelope.py made; None: nothing is watched.
    on_warning : "tell", "reduce" or "stop"
        What a warning does beside being told: the strategy's ``size_scale`` becomes
        ``reduce_to``, or the run is stopped in order.
    reduce_to : float
        The factor of order sizes after a warning.
    memory : Path, optional
        Where a node keeps what it saw, so that its next start goes on; by default beside
        ``file``. A backtest keeps nothing.

    """

    file: Path | None = None
    on_warning: OnWarning = "tell"
    reduce_to: Annotated[float, more_than(0, at_most=1)] = 0.5
    memory: Path | None = None

    @property
    def memory_path(self) -> Path | None:
        """The file of what a node saw."""
        if self.memory is not None or self.file is None:
            return self.memory
        return self.file.with_name(f"{self.file.name}.memory")

    def read(
        self, strategy: StrategySettings, opened: Callable[[Path, int], int]
    ) -> Envelope | None:
        """Read the envelope, after checking that it belongs to a strategy; None without a file.

        Parameters
        ----------
        strategy : StrategySettings
            The strategy's class and configuration.
        opened : callable
            Opens a file of this user, with flags as of ``os.open``.

        Raises
        ------
        ConfigError
            If it cannot be used, is another strategy's, or the strategy cannot trade less.

        """
        if self.file is None:
            return None
        envelope = read_envelope(self.file, opened)
        check_belongs(envelope, strategy, self.file)
        if self.on_warning == "reduce" and not hasattr(find_strategy(strategy.path), SIZE_SCALE):
            msg = (
                f"[envelope] on_warning: 'reduce' needs a strategy with `{SIZE_SCALE} = 1.0`, by "
                f"which it multiplies its order sizes; {strategy.path} has none"
            )
            raise ConfigError(msg)
        return envelope

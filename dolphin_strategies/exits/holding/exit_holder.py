"""ExitHolder: the base by which a strategy holds an exit policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from dolphin_strategies.exits.holding.exit_desk import ExitDesk
from dolphin_strategies.exits.policies.exit_policy import ExitPolicy
from dolphin_strategies.exits.policies.exit_rules import HoldExit

if TYPE_CHECKING:
    from datetime import timedelta


class ExitHolder:
    """Declares a strategy's exits, as attributes of its class or in its constructor.

    For example::

        class MyStrategy(FactorStrategy[MyConfig]):
            exits = TrailingExit(multiple=3)
            hard_stop = 0.03
            time_stop = timedelta(hours=8)

    Attributes
    ----------
    exits : ExitPolicy, optional
        Decides about open positions; set after ``super().__init__(config)`` if not on the class.
    hard_stop : float, optional
        The largest loss, as a fraction of the entry price. It holds whatever the policy says.
    time_stop : timedelta, optional
        The longest time that a position is held. It holds whatever the policy says.
    exit_desk : ExitDesk, optional
        What acts on the policy's decisions; None without exits.

    """

    hard_stop: float | None = None
    time_stop: timedelta | None = None
    exit_desk: ExitDesk | None = None
    _declared_exits: ClassVar[ExitPolicy | None] = None

    if TYPE_CHECKING:
        exits: ExitPolicy | None
    else:

        @property
        def exits(self) -> ExitPolicy | None:
            """The policy that decides about open positions."""
            desk = self.exit_desk
            return self._declared_exits if desk is None else desk.policy

        @exits.setter
        def exits(self, policy: ExitPolicy | None) -> None:
            self.hold_exits(policy)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if isinstance(cls.__dict__.get("exits"), ExitPolicy | None) and "exits" in cls.__dict__:
            # What instances set must reach the setter, which an attribute would hide.
            cls._declared_exits = cls.__dict__["exits"]
            del cls.exits

    def hold_exits(self, policy: ExitPolicy | None) -> None:
        """Let a policy decide about this strategy's positions, from the start on.

        Parameters
        ----------
        policy : ExitPolicy, optional
            The policy; None: none, but for the hard stop and the time stop.

        Raises
        ------
        TypeError
            If it is no policy.
        ConfigError
            If the strategy has started, or does not require a factor that the policy looks at.

        """
        stops = self.hard_stop is not None or self.time_stop is not None
        if policy is None and self.exit_desk is None and not stops:
            return
        held = HoldExit() if policy is None else policy
        if self.exit_desk is None:
            self.exit_desk = ExitDesk(self, held)
        else:
            self.exit_desk.change_policy(held)

"""AdaptiveExit: closes where a trained model says that holding is worth no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dolphin_strategies.exits.policies.exit_decision import HOLD, ExitDecision
from dolphin_strategies.exits.policies.exit_policy import ExitPolicy
from dolphin_strategies.exits.policies.exit_rules import HoldExit

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Final

    from nautilus_trader.model import InstrumentId

    from dolphin_strategies.exits.model.exit_model import ExitModel
    from dolphin_strategies.exits.policies.position_view import PositionView

TAKE: Final = ExitDecision(0.0, "model: holding is worth no more")
STOP: Final = ExitDecision(0.0, "model: loss")
TRAIL: Final = ExitDecision(0.0, "model: gain given back")
TIME: Final = ExitDecision(0.0, "model: time is up")


class AdaptiveExit(ExitPolicy):
    """Closes by the rule that a trained model has for the bucket of the position's asset.

    A bucket for which training showed no gain has no rule: another policy decides there, and
    also while the volatility is not known that the rule's distances are multiples of.

    Parameters
    ----------
    model : ExitModel
        The model, made by ``backtests/train_exits.py``.
    otherwise : ExitPolicy, optional
        Decides where the model does not; by default the position is held.

    """

    def __init__(self, model: ExitModel, *, otherwise: ExitPolicy | None = None) -> None:
        self.model: Final = model
        self.otherwise: Final = HoldExit() if otherwise is None else otherwise
        self._rules: Final = model.rules()
        self._interval: Final = model.interval
        self._horizon_ns: Final = model.horizon_ns
        self._root: Final = (model.horizon_ns / model.interval_ns) ** 0.5
        self._factors: Final = model.factors

    @property
    def interval(self) -> timedelta:
        return self._interval

    @property
    def time_limit(self) -> timedelta | None:
        return self.otherwise.time_limit

    @property
    def required_factors(self) -> tuple[str, ...]:
        names = (*(f.name for f in self._factors), *self.otherwise.required_factors)
        return tuple(dict.fromkeys(names))

    def bucket_of(self, instrument_id: InstrumentId) -> str:
        return self.model.bucket_of(str(instrument_id))

    def decide(self, view: PositionView) -> ExitDecision:
        rule = self._rules.get(view.bucket)
        unit = view.volatility * self._root
        if rule is None or not unit > 0:
            return self.otherwise.decide(view)
        time = view.held_ns / self._horizon_ns
        if time >= rule.time:
            return TIME
        gain = view.gain / unit
        take = rule.take * (1 - rule.decay * time)
        if rule.weights:
            take += self._edge(rule.weights, view)
        if gain >= take:
            return TAKE
        if view.adverse >= rule.stop * unit:
            return STOP
        if view.favourable / unit - gain >= rule.trail:
            return TRAIL
        return HOLD

    def _edge(self, weights: tuple[float, ...], view: PositionView) -> float:
        """Return by how much the factors move the gain to be taken, in its unit."""
        f = view.factors
        if f is None:
            return 0.0
        total = 0.0
        for factor, weight in zip(self._factors, weights, strict=True):
            z = (f[factor.name] - factor.mean) / factor.scale
            # No value is no opinion; a value far out has no more weight than the limit.
            if z == z:  # noqa: PLR0124 - not NaN
                total += weight * max(-Z_LIMIT, min(Z_LIMIT, z))
        return view.side * total


Z_LIMIT: Final = 4.0
"""Standard deviations from a factor's mean that count."""

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

    from dolphin_strategies import ExternalFactors, FactorSchema
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

    Raises
    ------
    ValueError
        If the other policy measures prices over another interval than the model.

    """

    def __init__(self, model: ExitModel, *, otherwise: ExitPolicy | None = None) -> None:
        # Of a policy without such a setting the interval says nothing.
        has_interval = "interval" in getattr(type(otherwise), "__dataclass_fields__", ())
        if otherwise is not None and has_interval and otherwise.interval != model.interval:
            msg = (
                f"otherwise: expected the model's interval, {model.interval}, found "
                f"{otherwise.interval}; prices are measured over one"
            )
            raise ValueError(msg)
        self.model: Final = model
        self.otherwise: Final = HoldExit() if otherwise is None else otherwise
        self._rules: Final = model.rules()
        self._interval: Final = model.interval
        self._horizon_ns: Final = model.horizon_ns
        self._root: Final = (model.horizon_ns / model.interval_ns) ** 0.5
        self._factors: Final = model.factors
        self._schema: FactorSchema | None = None
        self._terms: dict[str, list[tuple[int, float, float, float]]] = {}
        # Of the newest record alone: between two records there are many prices.
        self._record: object = None
        self._edges: dict[str, float] = {}

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
        if rule.weights and view.factors is not None:
            take += self._edge(view)
        if gain >= take:
            return TAKE
        if view.adverse >= rule.stop * unit:
            return STOP
        if view.favourable / unit - gain >= rule.trail:
            return TRAIL
        return HOLD

    def _edge(self, view: PositionView) -> float:
        """Return by how much the factors move the gain to be taken, in its unit."""
        f = view.factors
        if f is not self._record:
            self._record, self._edges = f, {}
        edge = self._edges.get(view.bucket)
        if edge is None:
            edge = self._edges[view.bucket] = self._edge_of(view.bucket, f)
        return view.side * edge

    def _edge_of(self, bucket: str, f: ExternalFactors) -> float:
        """Return the edge of a long position by a record."""
        if f.schema is not self._schema:
            self._resolve(f.schema)
        value_at, total = f.value_at, 0.0
        for index, mean, scale, weight in self._terms[bucket]:
            z = (value_at(index) - mean) / scale
            # A value far out has no more weight than the limit.
            if -Z_LIMIT < z < Z_LIMIT:
                total += weight * z
            elif z >= Z_LIMIT:
                total += weight * Z_LIMIT
            elif z <= -Z_LIMIT:
                total -= weight * Z_LIMIT
            # else it is NaN, and no value is no opinion.
        return total

    def _resolve(self, schema: FactorSchema) -> None:
        """Find the factors in a schema."""
        self._schema = schema
        places = [(schema.index(f.name), f.mean, f.scale) for f in self._factors]
        for bucket, rule in self._rules.items():
            pairs = zip(places, rule.weights, strict=True)
            self._terms[bucket] = [(*place, weight) for place, weight in pairs if weight]


Z_LIMIT: Final = 4.0
"""Standard deviations from a factor's mean that count."""

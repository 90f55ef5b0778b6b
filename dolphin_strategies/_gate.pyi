"""What a FactorStrategy remembers from record to record, and decides on each; made of C."""

from collections.abc import Sequence
from typing import Any, final

from nautilus_trader.model import CustomData

from dolphin_strategies.factors.external_factors import ExternalFactors
from dolphin_strategies.factors.schema import FactorSchema

@final
class Gate:
    """Takes what the bus gives a strategy, and calls its ``on_factors`` or keeps the record back.

    The strategy's ``_on_message``, ``_accept``, ``_lose``, ``_regain`` and ``_set_alert`` do
    what happens seldom.

    Parameters
    ----------
    strategy : FactorStrategy
        Whose methods are called.
    max_age_ns : int or None
        Nanoseconds after ``ts_event`` in which a record may be traded on; None: for ever.

    Attributes
    ----------
    schema : FactorSchema or None
        Records that have this object as their schema are let in without asking.
    factors : ExternalFactors or None
        The newest record that passed; None while there is none to trade on.
    fresh_until_ns : int
        UNIX nanoseconds until which the newest fresh record may be traded on.
    alert_is_set : bool
        Whether the clock is going to look whether it still is.
    is_open : bool
        False before ``require`` was called, and while the schema lacks a required factor.

    Notes
    -----
    ``require`` states the positions of a record at which there must be values; None: nothing
    may pass. ``resolve`` has the strategy's ``on_factors`` looked up again at the next record.

    """

    schema: FactorSchema | None
    factors: ExternalFactors | None
    alert_is_set: bool

    def __new__(cls, strategy: Any, max_age_ns: int | None) -> Gate: ...
    @property
    def fresh_until_ns(self) -> int: ...
    @property
    def is_open(self) -> bool: ...
    def __call__(self, data: CustomData, /) -> None: ...
    def require(self, indexes: Sequence[int] | None, /) -> None: ...
    def resolve(self) -> None: ...

"""The newest market data of one kind and instrument, as plain numbers that factors share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dolphin_strategies.computed.inputs import NAN
from dolphin_strategies.computed.states._engine import Market

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from dolphin_strategies.computed.inputs import Definition


class MarketState(Market):
    """The newest data of one input.

    Data whose ``ts_event`` is before that of the data already there are counted and left out,
    except for kinds of which every datum counts (trades, liquidations).

    Attributes
    ----------
    ts_init : int
        UNIX nanoseconds, of the newest data; 0 before the first.
    ts_event : int
        Likewise; at most ``ts_init``. The time to live counts from here.
    since_ns : int
        ``ts_init`` of the first data; ``NEVER`` before.
    is_good : bool
        Whether the newest data can be used; False before the first.
    number : float
        The mid, the price or the one number of the kind; NaN while there is none.
    definition : Definition or None
        What sizes mean; None: not known yet.
    units : float
        How many coins the data's prices are of; prices here are of one coin.
    crossed, backward, invalid : int
        How many data were crossed quotes, out of order, or not usable for another reason.
    nodes : tuple
        What remembers earlier data: windows and callables, each fed with good data.

    """

    __slots__ = ("_nodes_of", "definition")

    def __init__(self) -> None:
        self.definition: Definition | None = None
        self._nodes_of: dict[Hashable, Any] = {}

    def take(self, data: Any) -> bool:
        """Take over the numbers of Nautilus data of this kind; False: they were left out."""
        raise NotImplementedError

    def define(self, definition: Definition | None) -> None:
        """Take over what a size of one means."""
        self.definition = definition
        if definition is None:
            self.set_definition(NAN, False, 1.0)  # noqa: FBT003 - made of C
        else:
            self.set_definition(definition.multiplier, definition.is_inverse, definition.units)

    def node[N](self, make: Callable[..., N], *key: Hashable) -> N:
        """Return the node ``make(self, *key)``, the same one for all who ask for it."""
        found = self._nodes_of.get((make, *key))
        if found is None:
            found = self._nodes_of[(make, *key)] = make(self, *key)
            self.nodes += (found,)
        node: N = found
        return node

"""Every body of the exchanges' public APIs, about one price, by path or (POST) by type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.support.exchange.bodies import (
    alternative_me,
    binance,
    bybit,
    coinbase,
    definitions,
    deribit,
    hyperliquid,
    kraken,
    okx,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.exchange.bodies.moment import Moment

GET_BODIES: Final[Mapping[str, Callable[[Moment], Any]]] = {
    **binance.GET_BODIES,
    **bybit.GET_BODIES,
    **okx.GET_BODIES,
    **deribit.GET_BODIES,
    **coinbase.GET_BODIES,
    **kraken.GET_BODIES,
    **alternative_me.GET_BODIES,
    **definitions.GET_BODIES,
}
POST_BODIES: Final = {**hyperliquid.POST_BODIES, **definitions.POST_BODIES}

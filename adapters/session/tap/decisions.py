"""Decisions and execution events of a strategy, described so that two runs can be compared.

An order is named by its ordinal in the run, from 1, and not by its id; so is a position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER_FIELDS: Final = (
    "instrument_id",
    "side",
    "type",
    "quantity",
    "price",
    "trigger_price",
    "trigger_type",
    "activation_price",
    "limit_offset",
    "trailing_offset",
    "trailing_offset_type",
    "time_in_force",
    "expire_time_ns",
    "display_qty",
    "is_post_only",
    "is_reduce_only",
    "is_quote_quantity",
    "emulation_trigger",
    "trigger_instrument_id",
    "contingency_type",
    "exec_algorithm_id",
    "exec_algorithm_params",
    "tags",
)
"""The fields that describe an order; a field that is None or False is left out."""
EVENT_FIELDS: Final = (
    "instrument_id",
    "order_side",
    "order_type",
    "quantity",
    "price",
    "trigger_price",
    "last_qty",
    "last_px",
    "liquidity_side",
    "commission",
    "reason",
)
POSITION_FIELDS: Final = ("instrument_id", "signed_qty", "last_qty", "last_px", "avg_px_open")

_ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "submit_order": ("order", "position_id"),
    "submit_order_list": ("orders", "position_id"),
    "modify_order": ("order", "quantity", "price", "trigger_price"),
    "modify_orders": ("updates",),
    "cancel_order": ("order",),
    "cancel_orders": ("orders",),
    "cancel_all_orders": ("instrument_id", "order_side", "client_id", "strategy_only"),
    "close_position": (
        "position",
        "client_id",
        "tags",
        "time_in_force",
        "reduce_only",
        "quote_quantity",
    ),
    "close_all_positions": (
        "instrument_id",
        "position_side",
        "client_id",
        "tags",
        "time_in_force",
        "reduce_only",
        "quote_quantity",
    ),
    "shutdown_system": ("reason",),
}
_NAMED: Final = {"client_order_id": "order", "client_order_ids": "orders", "order_list": "orders"}


class Ordinals:
    """Numbers the orders and the positions of a run in the order of their first appearance."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}
        self._of_positions: dict[str, int] = {}

    def of(self, client_order_id: Any) -> int:
        """Return an order's ordinal."""
        return self._of.setdefault(str(client_order_id), len(self._of) + 1)

    def of_position(self, position_id: Any) -> int:
        """Return a position's ordinal."""
        return self._of_positions.setdefault(str(position_id), len(self._of_positions) + 1)


def describe_call(
    method: str, arguments: tuple[Any, ...], keywords: dict[str, Any], ordinals: Ordinals
) -> dict[str, Any]:
    """Return the description of a call by which a strategy acts.

    An order is named by its ordinal, a position by its instrument and size, a position's id by
    its ordinal.

    Parameters
    ----------
    method : str
        The name of the strategy's method.
    arguments : tuple
        Its positional arguments.
    keywords : dict
        Its keyword arguments.
    ordinals : Ordinals
        The numbers of the run's orders.

    """
    names = _ARGUMENTS.get(method, ())
    given = dict(zip(names, arguments, strict=False))
    given |= {_NAMED.get(name, name): value for name, value in keywords.items()}
    described: dict[str, Any] = {"call": method}
    for name, value in given.items():
        if value is not None and value is not False:
            described[name] = _describe(name, value, ordinals)
    if described.get("strategy_only") is True:
        del described["strategy_only"]
    return described


def describe_order(order: Any, ordinals: Ordinals) -> dict[str, Any]:
    """Return the description of an order."""
    fields = order.to_dict()
    described: dict[str, Any] = {"number": ordinals.of(fields["client_order_id"])}
    # A tuple: tags and parameters are a list and a dict, which no set takes.
    described |= {n: fields[n] for n in ORDER_FIELDS if fields.get(n) not in (None, False, "")}
    if fields.get("linked_order_ids"):
        described["linked"] = [ordinals.of(i) for i in fields["linked_order_ids"]]
    if fields.get("parent_order_id"):
        described["parent"] = ordinals.of(fields["parent_order_id"])
    return described


def describe_event(event: Any, ordinals: Ordinals) -> dict[str, Any]:
    """Return the description of an order event or a position event."""
    described: dict[str, Any] = {"event": type(event).__name__}
    names: tuple[str, ...]
    if hasattr(event, "client_order_id"):
        described["order"] = ordinals.of(event.client_order_id)
        fields, names = event.to_dict(), EVENT_FIELDS
    else:
        # A venue makes its id of the time; a decision may name the position later.
        ordinals.of_position(event.position_id)
        names = POSITION_FIELDS
        fields = {name: getattr(event, name, None) for name in names}
    described |= {name: _plain(fields[name]) for name in names if fields.get(name) is not None}
    return described


def _describe(name: str, value: Any, ordinals: Ordinals) -> Any:
    describer = _DESCRIBERS.get(name)
    return _plain(value) if describer is None else describer(value, ordinals)


def _describe_order(value: Any, ordinals: Ordinals) -> Any:
    return describe_order(value, ordinals) if hasattr(value, "to_dict") else ordinals.of(value)


def _describe_orders(values: Any, ordinals: Ordinals) -> Any:
    return [_describe_order(value, ordinals) for value in getattr(values, "orders", values)]


def _describe_updates(values: Any, ordinals: Ordinals) -> Any:
    return [[ordinals.of(i), *map(_plain, rest)] for i, *rest in values]


def _describe_position(value: Any, ordinals: Ordinals) -> Any:
    return {"instrument_id": str(value.instrument_id), "signed_qty": _plain(value.signed_qty)}


_DESCRIBERS: Final[dict[str, Callable[[Any, Ordinals], Any]]] = {
    "order": _describe_order,
    "orders": _describe_orders,
    "updates": _describe_updates,
    "position": _describe_position,
    "position_id": lambda value, ordinals: ordinals.of_position(value),
}


def _plain(value: Any) -> Any:
    """Return a value as JSON."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return str(value)

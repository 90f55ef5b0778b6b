"""How the rows of an answer about the past differ from what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    type Change = Callable[[list[Any]], list[Any]]

_MEMBERS: Final = ("result", "data", "list")


def _rows_changed(body: Any, change: Change) -> Any:
    """Return a body whose array of rows is changed, wherever the exchange puts it."""
    if isinstance(body, list):
        return change(body)
    for name in _MEMBERS:
        if isinstance(body, dict) and isinstance(body.get(name), list | dict):
            return {**body, name: _rows_changed(body[name], change)}
    return body


def _shuffled(rows: list[Any]) -> list[Any]:
    return [*rows[1::2], *rows[0::2]]


CHANGED_ROWS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "rows_shuffled": lambda body, value: _rows_changed(body, _shuffled),
    "rows_twice": lambda body, value: _rows_changed(body, lambda rows: rows + rows),
    "rows_first": lambda body, value: _rows_changed(body, lambda rows: rows[: int(value)]),
    "rows_none": lambda body, value: _rows_changed(body, lambda rows: []),
}
"""Mode → body and value in, body out; ``rows_first`` leaves the first so many of each answer."""

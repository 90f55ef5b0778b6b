"""The order in which services start: what each depends on, by name or through a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def start_order(names: Sequence[str], needs: Mapping[str, Collection[str]]) -> list[str]:
    """Return names so that each comes after what it needs, otherwise in the given order.

    Parameters
    ----------
    names : sequence of str
        All names.
    needs : mapping of str to collection of str
        What each name needs; names that are not in ``names`` do not count.

    Returns
    -------
    list of str
        Without the names that are in a circle or need one that is.

    """
    left, order = list(names), list[str]()
    known = set(names)
    while ready := [n for n in left if known.intersection(needs.get(n, ())) <= set(order)]:
        order.append(ready[0])
        left.remove(ready[0])
    return order


def circles(names: Sequence[str], needs: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Return each circle of names that need each other, begun at its first name."""
    found: list[list[str]] = []
    seen: set[str] = set()
    for name in names:
        way = _way_back(name, names, needs)
        if way and not seen.intersection(way):
            seen.update(way)
            found.append(way)
    return found


def _way_back(start: str, names: Sequence[str], needs: Mapping[str, Collection[str]]) -> list[str]:
    """Return the shortest way from a name to itself; empty without one."""
    ways = [[start]]
    visited: set[str] = set()
    while ways:
        way = ways.pop(0)
        for nxt in (n for n in names if n in needs.get(way[-1], ())):
            if nxt == start:
                return way
            if nxt not in visited:
                visited.add(nxt)
                ways.append([*way, nxt])
    return []

"""Derived factors over instants: the registry's rules applied to arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from adapters.command.durations import NEVER_NS
from adapters.exf.registry.derived_factors import RULES
from backtests.importing.content.publication import Publication
from backtests.importing.content.states import instants_of, states_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from backtests.importing.backfilling.factors.live_names import LiveFactor


_FEWEST: Final = 2


def derive(
    publications: Mapping[str, Publication], derived: Iterable[LiveFactor]
) -> dict[str, Publication]:
    """Return the derived factors that can be made of others.

    Parameters
    ----------
    publications : mapping of str to Publication
        The factors that there are, those that are not published included.
    derived : iterable of LiveFactor
        In any order; one that has a publication is not made.

    """
    known, made = dict(publications), {}
    waiting = [live for live in derived if live.name not in known]
    while waiting:
        ready = [live for live in waiting if _can(live, known, waiting)]
        if not ready:
            break
        for live in ready:
            found = _made(live, [known[name] for name in live.inputs if name in known])
            if not np.isnan(found.values).all():
                known[live.name] = made[live.name] = found
        waiting = [live for live in waiting if live not in ready]
    return made


def _can(live: LiveFactor, known: Mapping[str, Publication], waiting: list[LiveFactor]) -> bool:
    """Return whether the inputs are there: all, or of a rule for any number two of them.

    A median over the one venue of which somebody has archives would be that venue's value.
    """
    if any(other.name in live.inputs for other in waiting):
        return False
    count = RULES[live.rule][1]
    there = [name for name in live.inputs if name in known]
    return len(there) == count if count else len(there) >= _FEWEST


def _made(live: LiveFactor, inputs: list[Publication]) -> Publication:
    instants = instants_of(inputs)
    states = states_at(inputs, instants)
    values = apply_rule(live.rule, states)
    values = np.where((values < live.low) | (values > live.high), np.nan, values)
    return Publication(
        factor=live.name,
        known=instants,
        expires=np.full(len(instants), NEVER_NS),
        values=values,
        every=None,
    )


def filled_up(made: Publication, stored: Publication | None) -> Publication:
    """Return a derived factor, with the values of earlier runs where it cannot be made."""
    if stored is None or not len(stored.known):
        return made
    instants = instants_of([made, stored])
    states = states_at([made, stored], instants)
    return replace(
        made,
        known=instants,
        expires=np.full(len(instants), NEVER_NS),
        values=np.where(np.isnan(states[:, 0]), states[:, 1], states[:, 0]),
    )


def apply_rule(rule: str, states: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a rule's value for each row.

    Parameters
    ----------
    rule : str
        One of the registry's.
    states : float64 array of shape (instants, inputs)
        NaN: no value.

    Returns
    -------
    float64 array of shape (instants,)

    Notes
    -----
    Rows that repeat the one before are not computed again: the rules are Python functions of
    single values, and the states change far more seldom than they are published.

    """
    values = np.full(len(states), np.nan)
    if not len(states):
        return values
    bits = np.ascontiguousarray(states).view(np.int64)
    is_new = np.ones(len(states), np.bool_)
    is_new[1:] = (bits[1:] != bits[:-1]).any(axis=1)
    function = RULES[rule][0]
    rows = states[is_new].tolist()
    computed = np.fromiter((function(row) for row in rows), np.float64, len(rows))
    return np.asarray(computed[np.cumsum(is_new) - 1])

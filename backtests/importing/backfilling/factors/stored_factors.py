"""The factors that earlier runs have written, and new values laid over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from adapters.catalog.reading.factor_catalog import FactorCatalog
from adapters.command.durations import NEVER_NS
from backtests.importing.content.publication import Publication

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from backtests.importing.backfilling.factors.factor_values import BackfilledFactor


class StoredFactors(NamedTuple):
    """A recording, as when each value was known.

    Attributes
    ----------
    publications : dict of str to Publication
        By factor, in the order of the schema.
    instants : int64 array of shape (records,)
        UNIX nanoseconds of the records.

    """

    publications: dict[str, Publication]
    instants: NDArray[np.int64]


def read_stored(catalog: Path, name: str) -> StoredFactors:
    """Return a recording of a catalog; an empty one if there is none."""
    if not (catalog / "data").is_dir():
        return StoredFactors({}, np.empty(0, np.int64))
    factors = FactorCatalog(catalog)
    if not any(r.name == name and r.files for r in factors.recordings()):
        return StoredFactors({}, np.empty(0, np.int64))
    names = list(factors.schema([name]))
    batches = list(factors.batches(recordings=[name], names=names))
    instants = np.concatenate([batch.ts_init for batch in batches]).astype(np.int64)
    found = {}
    for column, factor in enumerate(names):
        values = np.concatenate([batch.values[:, column] for batch in batches])
        found[factor] = _publication(factor, instants, values)
    return StoredFactors(found, instants)


def laid_over(stored: Publication | None, new: BackfilledFactor) -> Publication:
    """Return new values, and stored ones outside the spans of the new archives."""
    fresh = new.publication
    if stored is None or not len(stored.known):
        return fresh
    is_kept = np.ones(len(stored.known), np.bool_)
    for first, last in new.spans:
        is_kept &= (stored.known < first) | (stored.known > last)
    known = np.concatenate([fresh.known, stored.known[is_kept]])
    # The new one first among those of one instant, which stay in this order.
    order = np.argsort(known, kind="stable")
    known = known[order]
    is_new = np.diff(known, prepend=known[0] - 1) > 0
    expires = np.concatenate([fresh.expires, stored.expires[is_kept]])[order]
    values = np.concatenate([fresh.values, stored.values[is_kept]])[order]
    return Publication(
        factor=fresh.factor,
        known=known[is_new],
        expires=expires[is_new],
        values=values[is_new],
        every=None,
        missing=fresh.missing,
    )


def _publication(
    factor: str, instants: NDArray[np.int64], values: NDArray[np.float64]
) -> Publication:
    """Return the values of a column from each change on until the next."""
    bits = values.view(np.int64)
    has_value = ~np.isnan(values)
    changes = np.ones(len(values), np.bool_)
    changes[1:] = (bits[1:] != bits[:-1]) & (has_value[1:] | has_value[:-1])
    at = np.flatnonzero(changes)
    starts = at[has_value[at]]
    ends = np.append(instants[at[1:]], NEVER_NS)[has_value[at]]
    is_followed = np.append(has_value[at[1:]], True)[has_value[at]]
    return Publication(
        factor=factor,
        known=instants[starts],
        expires=np.where(is_followed, NEVER_NS, ends),
        values=values[starts],
        every=None,
    )

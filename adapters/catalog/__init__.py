"""Catalogs: recordings of factors and market data in files that any tool can read.

``FactorCatalog`` reads a catalog, ``RecordingWriter`` writes one recording of it, and
``funding_data`` returns the funding of a perpetual for an engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.catalog.reading.factor_catalog import FactorCatalog
    from adapters.catalog.reading.market.funding.funding_data import funding_data
    from adapters.catalog.writing.recording_writer import RecordingWriter

__all__ = ["FactorCatalog", "RecordingWriter", "funding_data"]

_HOMES = {
    "FactorCatalog": "adapters.catalog.reading.factor_catalog",
    "funding_data": "adapters.catalog.reading.market.funding.funding_data",
    "RecordingWriter": "adapters.catalog.writing.recording_writer",
}


def __getattr__(name: str) -> Any:
    # On first use, so that a reader does not load the writing modules.
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(_HOMES[name]), name)

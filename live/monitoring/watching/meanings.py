"""Meanings: the unit and the origin of each factor, from the registry of factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Meaning(NamedTuple):
    """What the registry says about a factor, as text."""

    unit: str
    limits: str
    period: str
    origin: str
    about: str


def meanings_of(files: Sequence[Path]) -> Mapping[str, Meaning]:
    """Return what is known of each factor, by name.

    Parameters
    ----------
    files : sequence of Path
        Factor files on top of the packaged ones.

    Raises
    ------
    ConfigError
        If a file is wrong.

    """
    # Half a second of imports, which the first screen does not wait for.
    from adapters.exchanges import known_venues  # noqa: PLC0415
    from adapters.exf.registry.registry_file import load  # noqa: PLC0415
    from live.exf.status.status_report import factors_table  # noqa: PLC0415

    _, *rows = factors_table(load(known_venues(), files))
    return {
        name: Meaning(unit, limits, period, origin, about)
        for name, unit, limits, period, _, origin, about in rows
    }

"""BackfillPlan: the archives of a folder with their formats, and which of them are to be read."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from backtests.importing.backfilling.archives.archive_file import Archive
from backtests.importing.backfilling.archives.csv_blocks import (
    SAMPLE_BYTES,
    Sample,
    parse,
    read_sample,
)
from backtests.importing.backfilling.archives.real_file import ArchiveError
from backtests.importing.backfilling.formats.format_table import (
    Recognised,
    UnknownFormatError,
    recognise,
)
from backtests.importing.backfilling.market.decimals import Decimals, states_decimals
from backtests.importing.backfilling.market.instruments import instrument_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import date


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An archive that is recognised.

    Attributes
    ----------
    archive : Archive
        The archive.
    found : Recognised
        Its format.
    decimals : dict of str to Decimals
        Instrument → the decimals of its prices and sizes in the sample.

    """

    archive: Archive
    found: Recognised
    decimals: dict[str, Decimals]

    @property
    def key(self) -> tuple[str, ...]:
        """What the catalog's journal knows it by: whose data it holds, its name and its size."""
        origin = self.found.origin
        name = self.archive.relative.name
        of = (origin.venue, origin.symbol, origin.interval, self.found.format.name)
        return (*of, name, self.archive.member, str(self.archive.size))


@dataclass(kw_only=True)
class BackfillPlan:
    """What a run does with each archive.

    Attributes
    ----------
    wanted : list of Planned
        To be converted, in the order of their series and days.
    there : list of Planned
        In the catalog already.
    left_out : list of tuple
        Archives whose data another one has, and why.
    failed : list of tuple
        Archives that cannot be used, and why.

    """

    wanted: list[Planned] = field(default_factory=list)
    there: list[Planned] = field(default_factory=list)
    left_out: list[tuple[Archive, str]] = field(default_factory=list)
    failed: list[tuple[Archive, str]] = field(default_factory=list)

    def decimals(self) -> dict[str, Decimals]:
        """Return the decimals that each instrument needs, by all samples."""
        found: dict[str, Decimals] = defaultdict(Decimals)
        for planned in self.wanted:
            for name, decimals in planned.decimals.items():
                found[name] = found[name].highest(decimals)
        return dict(found)


def make_plan(
    archives: Iterable[Archive],
    known: Collection[tuple[str, ...]],
    on_archive: Callable[[], None] = lambda: None,
) -> BackfillPlan:
    """Recognise every archive.

    Parameters
    ----------
    archives : iterable of Archive
        The archives.
    known : collection of tuple of str
        The keys of those in the catalog.
    on_archive : callable
        Called after each.

    """
    plan, found = BackfillPlan(), []
    for archive in archives:
        try:
            found.append(_planned(archive))
        except (ArchiveError, UnknownFormatError, FileNotFoundError) as error:
            plan.failed.append((archive, str(error)))
        on_archive()
    seen: set[tuple[str, ...]] = set()
    days = _Days(found)
    for planned in sorted(found, key=_order):
        better = days.better_than(planned)
        if planned.key in known:
            plan.there.append(planned)
        elif planned.key in seen:
            plan.left_out.append((planned.archive, "is there twice in the folder"))
        elif better:
            plan.left_out.append((planned.archive, better))
        else:
            seen.add(planned.key)
            plan.wanted.append(planned)
    return plan


def _planned(archive: Archive) -> Planned:
    sample = read_sample(archive)
    found = recognise(sample)
    decimals: dict[str, Decimals] = defaultdict(Decimals)
    for table in _sampled(archive, sample, found):
        try:
            converted = found.format.convert(table, found.origin)
        except (ValueError, pa.ArrowException) as error:
            msg = f"cannot be used: {error}"
            raise ArchiveError(msg) from None
        for folder, batch in converted.tables:
            if states_decimals(folder):
                name = instrument_of(folder)
                decimals[name] = decimals[name].with_those_of(batch)
    return Planned(archive=archive, found=found, decimals=dict(decimals))


def _sampled(archive: Archive, sample: Sample, found: Recognised) -> Iterator[pa.Table]:
    """Yield the rows of a sample, if there are some."""
    if found.format.read is not None:
        yield from islice(found.format.read(archive, found.origin, SAMPLE_BYTES), 1)
    elif sample.text.strip():
        yield parse(
            sample.text,
            [column.name for column in found.shape],
            found.format.types_of(found.shape),
        )


def _order(planned: Planned) -> Any:
    origin = planned.found.origin
    first = origin.first_day.isoformat() if origin.first_day else ""
    # A month before its days, which are then there already.
    end = origin.end_day.isoformat() if origin.end_day else ""
    series = (planned.found.format.name, origin.venue, origin.symbol, origin.interval)
    return (*series, first, _Descending(end), str(planned.archive.relative))


class _Descending:
    """Text that sorts the other way."""

    def __init__(self, text: str) -> None:
        self._text: Final = text

    def __lt__(self, other: _Descending) -> bool:
        return self._text > other._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self._text == other._text

    __hash__ = None  # type: ignore[assignment]


class _Days:
    """Which formats have which days of an instrument."""

    def __init__(self, found: Iterable[Planned]) -> None:
        self._spans: dict[tuple[str, str], list[tuple[str, date, date]]] = defaultdict(list)
        for planned in found:
            origin, archive_format = planned.found.origin, planned.found.format
            if origin.first_day and origin.end_day:
                for worse in archive_format.prefers_over:
                    self._spans[worse, origin.instrument_id].append(
                        (archive_format.name, origin.first_day, origin.end_day)
                    )

    def better_than(self, planned: Planned) -> str:
        """Return why another format's files are read for the days of an archive; empty: none."""
        origin = planned.found.origin
        if origin.first_day is None or origin.end_day is None:
            return ""
        for name, first, end in self._spans[planned.found.format.name, origin.instrument_id]:
            if first <= origin.first_day and origin.end_day <= end:
                return f"has the days of {name}, which are read in its place"
        return ""

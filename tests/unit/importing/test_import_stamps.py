"""The stamps of an import's files: every form, and what may be misread."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dolphin_strategies import ConfigError
from tests.support.catalogs.import_files import T0, S, rows_of, write

if TYPE_CHECKING:
    from pathlib import Path


def stamps(folder: Path, values: Any, **spec: Any) -> list[int]:
    """Return the instants of a stamp column, in seconds."""
    spec = {"unit": "", **spec}
    if isinstance(values, pa.Array):
        pq.write_table(pa.table({"t": values, "v": [1.0] * len(values)}), folder / "s.parquet")
        found = rows_of(folder, "s.parquet", "v", **spec)
    else:
        lines = [json.dumps({"t": t, "v": 1}) for t in values]
        found = rows_of(folder, write(folder, "s.jsonl", "\n".join(lines)), "v", **spec)
    return [ns // S for ns in found.stamps.tolist()]


def test_stamps_of_every_form_are_the_same_instant(tmp_path: Path) -> None:
    """Numbers by unit, ISO 8601 with an offset, local times with a zone, formats, Arrow types."""
    local = datetime(2026, 4, 28, 17, 0)  # noqa: DTZ001 - a local time
    utc = datetime(2026, 4, 28, 21, 0, tzinfo=UTC)
    assert utc.timestamp() == T0
    new_york = {"timezone": "America/New_York"}
    cases: list[tuple[Any, dict[str, Any]]] = [
        ([T0], {"unit": "s"}),
        ([str(T0 * 1000)], {"unit": "ms"}),
        ([T0 * 10**6], {"unit": "us"}),
        ([T0 * 10**9], {"unit": "ns"}),
        ([T0 + 0.25], {"unit": "s"}),
        (["2026-04-28T21:00:00Z"], {}),
        (["2026-04-28 17:00:00-04:00"], {}),
        (["2026-04-28T17:00"], new_york),
        (["28.04.2026 17:00"], {"stamp_format": "%d.%m.%Y %H:%M"} | new_york),
        (["28.04.2026 17:00 -0400"], {"stamp_format": "%d.%m.%Y %H:%M %z"}),
        (pa.array([utc], pa.timestamp("ms", "UTC")), {}),
        (pa.array([local], pa.timestamp("us")), new_york),
        (pa.array([T0 * 1000]), {"unit": "ms"}),
        (pa.array([float(T0)]), {"unit": "s"}),
    ]
    for values, spec in cases:
        assert stamps(tmp_path, values, **spec) == [T0], (values, spec)


def test_milliseconds_stay_exact(tmp_path: Path) -> None:
    """Text with digits that a float64 would round."""
    name = write(tmp_path, "a.csv", "t,v\n1723161254087891268,1\n")
    assert rows_of(tmp_path, name, "v", unit="ns").stamps.tolist() == [1_723_161_254_087_891_268]


def test_days_begin_at_midnight_of_their_zone(tmp_path: Path) -> None:
    """A daily series is stamped with dates."""
    days = [date(2026, 1, 5), date(2026, 7, 6)]
    expected = [datetime(2026, 1, 5, 5, tzinfo=UTC), datetime(2026, 7, 6, 4, tzinfo=UTC)]
    for values in (pa.array(days), [str(d) for d in days]):
        found = stamps(tmp_path, values, timezone="America/New_York")
        assert found == [int(e.timestamp()) for e in expected]


@pytest.mark.parametrize(
    ("values", "spec", "message"),
    [
        ([T0], {}, 'row 1: expected an ISO 8601 stamp.*unit = "s"'),
        (pa.array([T0 * 1000]), {}, 'write unit.*unit = "ms" .* is 2026-04-28'),
        ([T0 * 1000], {"unit": "s"}, 'row 1: .*with unit = "ms"'),
        ([T0], {"unit": "ms"}, 'row 1: .*with unit = "s"'),
        (["2026-04-28T21:00:00"], {}, "states no offset from UTC.*write timezone"),
        (pa.array([date(2026, 1, 5)]), {}, "states no offset.*2026-01-05.*write timezone"),
        (["2026-04-28T21:00:00Z", "2026-04-28T22:00:00"], {}, "row 2: .*all with an offset"),
        (["2026-04-28", "2026-02-30"], {"timezone": "UTC"}, "row 2"),
        (["28.04.2026"], {"stamp_format": "%Y"}, "row 1: expected a stamp of format '%Y'"),
        ([T0, None], {"unit": "s"}, "row 2: expected a stamp, found None"),
        ([T0, "soon"], {"unit": "s"}, "row 2: expected a number, found 'soon'"),
        (pa.array([True]), {}, "expected stamps, found bool"),
        (pa.array([date(2026, 1, 5)]), {"unit": "s"}, "unit is for numbers"),
        ([2**63 // 10**9], {"unit": "s"}, "row 1: expected a stamp"),
        ([-T0], {"unit": "s"}, "row 1: expected a stamp"),
    ],
)
def test_stamps_that_may_be_misread_are_refused(
    tmp_path: Path, values: Any, spec: dict[str, Any], message: str
) -> None:
    """With the row, and the unit or zone to write."""
    with pytest.raises(ConfigError, match=message):
        stamps(tmp_path, values, **spec)


def test_local_times_that_never_were_or_were_twice_are_refused(tmp_path: Path) -> None:
    """With a count and the first of them; the later one is taken only if the spec says so."""
    zone = {"timezone": "America/New_York"}
    with pytest.raises(ConfigError, match=r"1 local times .* no clock .*02:30:00 \(row 2\)"):
        stamps(tmp_path, ["2026-03-08T01:30:00", "2026-03-08T02:30:00"], **zone)
    twice = ["2026-11-01T00:30:00", "2026-11-01T01:30:00", "2026-11-01T01:45:00"]
    with pytest.raises(ConfigError, match=r"2 local times .* twice.*ambiguous = \"later\""):
        stamps(tmp_path, twice, **zone)
    found = stamps(tmp_path, twice, ambiguous="later", **zone)
    assert found[1] == int(datetime(2026, 11, 1, 6, 30, tzinfo=UTC).timestamp())

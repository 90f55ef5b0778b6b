"""Show and verify a catalog: ``uv run dolphin catalog DIR``."""

from __future__ import annotations

from adapters.process.stop_signals import LEFT_AT_ONCE, leave_at_stop_signals

if __name__ == "__main__":
    # To its end: what it recovers survives any end of the process.
    leave_at_stop_signals("dolphin catalog", LEFT_AT_ONCE)

import argparse
import csv
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from adapters.catalog.files.recovery import recover, spools_left
from adapters.catalog.reading.factor_catalog import FactorCatalog
from adapters.catalog.reading.recordings import market_rows
from adapters.catalog.reading.verify import bytes_to_check, verify
from adapters.command.progress_bar import StepProgress
from adapters.command.terminal import JSON_HELP, say, say_document, show
from dolphin_strategies.errors import DolphinError

if TYPE_CHECKING:
    from adapters.catalog.reading.recordings import Recording
    from adapters.catalog.reading.verify import Damage


EPILOG: Final = """\
examples:
  dolphin catalog recordings
  dolphin catalog recordings verify --quarantine
  dolphin catalog recordings list --json
  dolphin catalog recordings sql "FROM factors LIMIT 9"
  dolphin catalog recordings sql --csv "SELECT ts_event, basis FROM factors" > basis.csv

docs/catalog.md describes the files, docs/json.md what --json prints.
exit codes: 0 done, all is whole; 1 something is damaged; 2 bad usage, or it cannot be read; 130
ended by a signal.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; return the exit code: 1 if something is damaged."""
    parser = argparse.ArgumentParser(
        prog="dolphin catalog",
        description=__doc__.partition(":")[0] + ".",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("catalog", type=Path, metavar="DIR", help="the catalog's folder")
    commands = {
        "list": "recordings, their ranges, gaps and counts (default)",
        "verify": "check every file against its journal; exit code 1 if one is damaged",
        "recover": "finish the recordings of killed processes",
        "sql": "the result of a DuckDB query over its views: factors, quotes, trades and others",
    }
    parser.add_argument(
        "command",
        nargs="?",
        default="list",
        choices=tuple(commands),
        help="; ".join(f"{name}: {what}" for name, what in commands.items()),
    )
    parser.add_argument("query", nargs="?", help='of sql, for example "FROM factors LIMIT 9"')
    parser.add_argument("--csv", action="store_true", help="with sql: all rows, as CSV")
    parser.add_argument(
        "--quarantine", action="store_true", help="with verify: move damaged files out of the way"
    )
    parser.add_argument("--json", action="store_true", help=f"not with sql: {JSON_HELP}")
    # Intermixed: `sql --csv QUERY` too, where an option stands between the arguments.
    asked = parser.parse_intermixed_args(arguments)
    if asked.quarantine and asked.command != "verify":
        parser.error("--quarantine belongs to verify")
    if asked.command == "sql" and asked.query is None:
        parser.error('sql needs a query, for example "FROM factors LIMIT 9"')
    if asked.command != "sql" and (asked.query is not None or asked.csv):
        parser.error("a query and --csv belong to sql")
    if asked.command == "sql" and asked.json:
        parser.error("sql has --csv for programs; --json belongs to list, verify and recover")
    try:
        catalog = FactorCatalog(asked.catalog)
        if asked.command == "sql":
            return _sql(catalog, asked.query, is_csv=asked.csv)
        if asked.command == "verify":
            return _verify(catalog, quarantine=asked.quarantine, as_json=asked.json)
        if asked.command == "recover":
            return _recover(catalog, as_json=asked.json)
        return _list(catalog, as_json=asked.json)
    except BrokenPipeError:
        return 0  # of `sql`, whose reader wants no more rows
    except (DolphinError, OSError) as error:
        say(f"error: {error}", sys.stderr)
        return 2


def _sql(catalog: FactorCatalog, query: str, *, is_csv: bool) -> int:
    import duckdb  # noqa: PLC0415 - an extra; the catalog says so if it is not there

    try:
        found = catalog.sql(query)
        if is_csv:
            rows = csv.writer(sys.stdout, lineterminator="\n")
            rows.writerow(found.columns)
            # As text, because Python's times have no nanoseconds; NULL is an empty field.
            rows.writerows(found.select("COLUMNS(*)::VARCHAR").iter_rows())
        else:
            found.show()
    except duckdb.Error as error:
        say(f"error: {error}", sys.stderr)
        return 2
    return 0


def _list(catalog: FactorCatalog, *, as_json: bool) -> int:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recordings = catalog.recordings()
    if as_json:
        found = [_row(catalog, recording) for recording in recordings]
        say_document({**_head(catalog, catalog.damages), "recordings": found})
        return int(bool(catalog.damages))
    plural = "" if len(recordings) == 1 else "s"
    show(f"{catalog.path}: {len(recordings)} recording{plural}")
    for recording in recordings:
        show(f"\n{recording.name or '(no recording)'}  {_state(recording)}")
        if recording.source:
            show(f"  source   {recording.source}")
        show(f"  records  {recording.records:,} in {len(recording.files):,} files")
        rows, files = market_rows(catalog.path, recording.name)
        if rows:
            show(f"  market   {rows:,} rows in {files:,} files")
        if recording.first_ns is not None and recording.last_ns is not None:
            show(f"  from     {_time(recording.first_ns)}\n  to       {_time(recording.last_ns)}")
        for schema in recording.schemas:
            names = ", ".join(schema.names[:4]) + (", ..." if len(schema) > 4 else "")
            show(f"  schema   {schema.hash:016x}  {len(schema)} factors: {names}")
        show(f"  lost     {recording.lost:,} in {len(recording.gaps):,} gaps")
        for gap in recording.gaps[:10]:
            show(f"    {gap.lost:,} after sequence {gap.after_sequence} of {gap.stream_id:016x}")
        if len(recording.gaps) > 10:
            show(f"    and {len(recording.gaps) - 10:,} gaps more")
        show(f"  dropped  {recording.dropped:,}")
        if recording.missing:
            show(f"  missing  {recording.missing:,} in files that are gone or in quarantine")
    for damage in catalog.damages:
        show(f"\ndamaged: {damage.path} {damage.what}")
    return int(bool(catalog.damages))


def _head(catalog: FactorCatalog, damages: list[Damage]) -> dict[str, Any]:
    found = [
        {
            "path": damage.path.absolute(),
            "what": damage.what,
            "moved_to": damage.moved_to and damage.moved_to.absolute(),
        }
        for damage in damages
    ]
    return {"catalog": catalog.path.absolute(), "damages": found}


def _row(catalog: FactorCatalog, recording: Recording) -> dict[str, Any]:
    """Return a recording as ``list --json`` has it; docs/json.md has the fields."""
    market, market_files = market_rows(catalog.path, recording.name)
    return {
        "name": recording.name,
        "state": _state(recording),
        "source": recording.source,
        "records": recording.records,
        "files": len(recording.files),
        "market_rows": market,
        "market_files": market_files,
        "first_ns": recording.first_ns,
        "last_ns": recording.last_ns,
        "schemas": [
            {"hash": f"{schema.hash:016x}", "names": schema.names} for schema in recording.schemas
        ],
        "lost": recording.lost,
        "gaps": [
            {
                "stream_id": f"{gap.stream_id:016x}",
                "after_sequence": gap.after_sequence,
                "lost": gap.lost,
            }
            for gap in recording.gaps
        ],
        "dropped": recording.dropped,
        "missing": recording.missing,
    }


def _verify(catalog: FactorCatalog, *, quarantine: bool, as_json: bool) -> int:
    with StepProgress(bytes_to_check(catalog.path) / 1e6, "MB") as bar:
        damages = verify(
            catalog.path, quarantine=quarantine, on_checked=lambda size: bar.add(size / 1e6)
        )
    if as_json:
        say_document(_head(catalog, damages))
        return int(bool(damages))
    for damage in damages:
        moved = f" -> {damage.moved_to}" if damage.moved_to else ""
        show(f"{damage.path}: {damage.what}{moved}")
    show(f"{len(damages)} damaged files" if damages else "every file is whole")
    return int(bool(damages))


def _recover(catalog: FactorCatalog, *, as_json: bool) -> int:
    with StepProgress(len(spools_left(catalog.path)), "spools") as bar:
        recovered = recover(catalog.path, bar.add)
    if as_json:
        found = [{"recording": name, "records": count} for name, count in recovered.items()]
        say_document({"catalog": catalog.path.absolute(), "recovered": found})
        return 0
    for name, count in recovered.items():
        show(f"{name}: {count:,} records recovered")
    if not recovered:
        show("nothing to recover")
    return 0


def _state(recording: Recording) -> str:
    if recording.is_open:
        return "being recorded"
    return "ended" if recording.is_ended else "killed"


def _time(ns: int) -> str:
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:09d} UTC"


if __name__ == "__main__":
    sys.exit(main())

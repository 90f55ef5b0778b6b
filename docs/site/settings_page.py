"""The page of every table and key of settings files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.exf.registry.computed_file import ComputedTables
from adapters.exf.registry.registry_file import RegistryTables
from backtests.importing.spec.import_spec import ImportSpec
from backtests.inputs.backtest_settings import BacktestSettings
from backtests.run.drills.drill_file import DrillFile
from backtests.sweeping.setup.sweep_settings import SweepSettings
from docs.site.assembly import ROOT
from docs.site.settings_tables import tables_of
from live.exf.exf_settings import ExfSettings
from live.fleet.settings.fleet_settings import SERVICES, TABLES
from live.node.settings.node_settings import NodeSettings

if TYPE_CHECKING:
    from docs.site.settings_tables import SettingsTable

_HEAD: Final = "| key | value | default | meaning |\n|---|---|---|---|"
PAGE: Final = ROOT / "docs" / "settings.md"
MADE: Final = "<!-- made by python -m docs.site.generated: do not edit -->\n"


@dataclass(frozen=True)
class SettingsFile:
    """A kind of settings file.

    Attributes
    ----------
    title : str
        Its heading.
    read_by : str
        Which programs read it, and where it is explained; Markdown.
    tables : tuple of (str, type, bool)
        Name of each table, the dataclass that it becomes, and whether there are many.

    """

    title: str
    read_by: str
    tables: tuple[tuple[str, type[Any], bool], ...]

    def shown(self) -> list[SettingsTable]:
        """Return every table, those in tables too."""
        return [t for name, cls, many in self.tables for t in tables_of(cls, name, many=many)]


FILES: Final = (
    SettingsFile(
        "A node",
        "`run_node.py --config`; [configuration.md](configuration.md), [risk.md](risk.md), "
        "[envelope.md](envelope.md), [an example](examples/node.toml)",
        (("", NodeSettings, False),),
    ),
    SettingsFile(
        "A backtest",
        "`run_backtest.py --config`, and with `[sweep]` `sweep.py --config`; "
        "[backtest.md](backtest.md), [sweep.md](sweep.md), [an example](examples/backtest.toml)",
        (("", BacktestSettings, False), ("sweep", SweepSettings, False)),
    ),
    SettingsFile(
        "The ExtF service",
        "`run_exf.py --config`; [exf.md](exf.md), [an example](examples/exf.toml)",
        (("", ExfSettings, False),),
    ),
    SettingsFile(
        "Factors of your own",
        "`run_exf.py --factors`, `backfill.py --factors`; [exf.md](exf.md)",
        (("", RegistryTables, False),),
    ),
    SettingsFile(
        "Computed factors",
        "`run_node.py --compute`, `compute_factors.py --factors`; [computed.md](computed.md), "
        "[an example](examples/computed.toml)",
        (("", ComputedTables, False),),
    ),
    SettingsFile(
        "An import",
        "`import_factors.py --spec`; [import.md](import.md), "
        "[an example](examples/import_ten_days.toml)",
        (("", ImportSpec, False),),
    ),
    SettingsFile(
        "Drills",
        "`run_backtest.py --drill`; [backtest.md](backtest.md), "
        "[an example](examples/drills.toml)",
        (("", DrillFile, False),),
    ),
    SettingsFile(
        "A fleet",
        "`run_fleet.py`; [fleet.md](fleet.md), [an example](examples/fleet.toml)",
        (
            *((name, cls, False) for name, cls in TABLES.items()),
            *((name, cls, True) for name, cls in SERVICES.items()),
        ),
    ),
)


def settings_page() -> str:
    """Return the page."""
    parts = [
        MADE,
        "# Settings files\n",
        "Every table and key that programs read, with its type and default. Files are TOML. An",
        "unknown table or key is refused with the nearest name, a wrong value with what was",
        "expected and found; `--check`, where there is one, reads a file and starts nothing.\n",
    ]
    for file in FILES:
        parts.append(f"## {file.title}\n\n{file.read_by}.\n")
        for table in file.shown():
            if table.heading:
                parts.append(f"### {file.title}: `{table.heading}`\n")
            parts.append(
                f"{table.sentence}\n\n| key | value | default | meaning |\n|---|---|---|---|"
            )
            parts += [f"| {k.name} | {k.kind} | {k.default} | {k.meaning} |" for k in table.keys]
            parts.append("")
    parts.append(
        "## Read on\n\n[Programs](programs/index.md), whose options override these keys.\n"
    )
    return "\n".join(parts)

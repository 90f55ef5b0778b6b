"""The pages: the overview; a fleet, node, service, region, factor; all problems, all alarms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import Input, Sparkline, Static

from live.monitoring.screens.lines_screen import LinesScreen
from live.monitoring.screens.overview_rows import Row, region_table, rows_of
from live.monitoring.screens.page_rows import (
    factor_rows,
    fleet_rows,
    node_rows,
    region_rows,
    service_rows,
)
from live.monitoring.screens.switch_page import SwitchPage
from live.monitoring.screens.wording import ago
from live.monitoring.watching.problems import problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from textual.binding import BindingType
    from textual.widget import Widget

    from live.monitoring.watching.meanings import Meaning
    from live.monitoring.watching.pictures import NodePicture, Picture
    from live.monitoring.watching.watcher import Watcher


class OverviewPage(LinesScreen):
    """Everything, one line each."""

    DEFAULT_CSS: ClassVar[str] = """
    OverviewPage OptionList { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def rows(self, picture: Picture) -> Iterable[Row]:
        return rows_of(picture)


class Page(LinesScreen):
    """A page that Escape leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.page_name = name

    def heading(self) -> str:
        return self.page_name

    def action_leave(self) -> None:
        """Go back to the page before."""
        self.app.pop_screen()


class RegionsPage(Page):
    """All regions."""

    def rows(self, picture: Picture) -> Iterable[Row]:
        return region_table(picture, len(picture.regions))


class ProblemsPage(Page):
    """All problems."""

    def rows(self, picture: Picture) -> Iterable[Row]:
        found = problems(picture)
        return [Row("", text, "bad") for text in found] or [Row("", "ALL IS WELL", "good")]


class AlarmsPage(Page):
    """The last alarms of the watchdogs."""

    def rows(self, picture: Picture) -> Iterable[Row]:
        for alarm in picture.alarms:
            when = ago(picture.unix_s - alarm.at_ns / 1e9)
            yield Row("", f"{when:>5} ago  {alarm.kind} {alarm.node}", "heading")
            yield Row("", f"    {alarm.text}")


class NodePage(Page):
    """A node, and the switch over it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "switch('halt')", "Halt"),
        Binding("r", "switch('reduce')", "Reduce"),
        Binding("f", "switch('flat')", "Flat"),
        Binding("u", "switch('resume')", "Resume"),
    ]

    def __init__(self, key: str, name: str) -> None:
        super().__init__(f"node {name}")
        self._key = key
        self._seen: NodePicture | None = None

    def rows(self, picture: Picture) -> Iterable[Row]:
        self._seen = found = next((n for n in picture.nodes if n.key == self._key), None)
        if found is None:
            return [Row("", "PROBLEM this run is over: its folder is gone", "bad")]
        return node_rows(found)

    def action_switch(self, command: str) -> None:
        """Ask whether to switch, if there is a node that runs."""
        if self._seen is not None and self._seen.is_running:
            self.app.push_screen(SwitchPage(command, self._seen))
        else:
            self.notify("it does not run", severity="error", markup=False)


class FleetPage(Page):
    """A fleet and its services."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(f"fleet {name}")
        self._folder = folder

    def rows(self, picture: Picture) -> Iterable[Row]:
        found = next((f for f in picture.fleets if f.folder == self._folder), None)
        if found is None:
            return [Row("", "PROBLEM its run folder is gone", "bad")]
        return fleet_rows(found, picture)


class ServicePage(Page):
    """An ExtF service and its sources."""

    # A source is a line: twenty dead ones would be forty with their errors.
    DEFAULT_CSS: ClassVar[str] = """
    ServicePage OptionList { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, region: Path) -> None:
        super().__init__(f"service {region.name}")
        self._region = region

    def rows(self, picture: Picture) -> Iterable[Row]:
        found = next((s for s in picture.services if s.region == self._region), None)
        return [Row("", "PROBLEM it is gone", "bad")] if found is None else service_rows(found)


class RegionPage(Page):
    """The factors of a region."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "seek", "Find")]
    DEFAULT_CSS: ClassVar[str] = """
    RegionPage Input { display: none; height: 1; border: none; padding: 0; }
    RegionPage Input.shown { display: block; }
    """

    def __init__(
        self, path: Path, watcher: Watcher, meanings: Callable[[], Mapping[str, Meaning]]
    ) -> None:
        super().__init__(f"region {path}")
        self._path = path
        self._watcher = watcher
        self._meanings = meanings

    def above(self) -> Iterable[Widget]:
        yield Input(placeholder="part of a factor's name; Enter: to the list", compact=True)

    def rows(self, picture: Picture) -> Iterable[Row]:
        watch = self._watcher.region(self._path)
        found = next((r for r in picture.regions if r.path == self._path), None)
        if watch is None or found is None:
            return [Row("", "PROBLEM the region is gone", "bad")]
        sought = self.query_one(Input).value
        return region_rows(found, watch.factors(), self._meanings(), sought)

    def action_seek(self) -> None:
        """Ask for a part of a name."""
        asked = self.query_one(Input)
        asked.add_class("shown")
        # What is not shown yet takes no focus.
        self.call_after_refresh(asked.focus)

    def on_input_changed(self) -> None:
        """Show what has the text in its name."""
        look_again = getattr(self.app, "show_again", None)
        if look_again is not None:
            look_again()

    def on_input_submitted(self) -> None:
        """Go to the list."""
        self.query_one("OptionList").focus()


class FactorPage(Page):
    """A factor, with the drawing of its last two minutes."""

    DEFAULT_CSS: ClassVar[str] = """
    FactorPage Sparkline { height: 5; margin: 1 0; }
    FactorPage .caption { height: 1; }
    """

    def __init__(
        self,
        path: Path,
        name: str,
        watcher: Watcher,
        meanings: Callable[[], Mapping[str, Meaning]],
    ) -> None:
        super().__init__(f"factor {name}")
        self._path = path
        self._factor = name
        self._watcher = watcher
        self._meanings = meanings

    def above(self) -> Iterable[Widget]:
        yield Sparkline([])
        yield Static("", classes="caption", markup=False)

    def rows(self, picture: Picture) -> Iterable[Row]:
        watch = self._watcher.region(self._path)
        region = next((r for r in picture.regions if r.path == self._path), None)
        factor = None if watch is None else watch.factor(self._factor)
        if region is None or factor is None:
            return [Row("", "PROBLEM the region or the factor is gone", "bad")]
        drawn = [v for v in factor.history if not math.isnan(v)]
        self.query_one(Sparkline).data = drawn
        caption = f"last {len(factor.history)} s" if drawn else "no value to draw"
        self.query_one(".caption", Static).update(caption)
        return factor_rows(region, factor, self._meanings().get(self._factor))

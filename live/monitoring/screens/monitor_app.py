"""MonitorApp: the terminal application, which looks once a second and shows a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import App
from textual.binding import Binding

from dolphin_strategies.errors import DolphinError
from live.monitoring.screens.lines_screen import LinesScreen
from live.monitoring.screens.pages import (
    AlarmsPage,
    FactorPage,
    FleetPage,
    NodePage,
    OverviewPage,
    ProblemsPage,
    RegionPage,
    RegionsPage,
    ServicePage,
)
from live.monitoring.watching.meanings import meanings_of
from live.monitoring.watching.pictures import Picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.binding import BindingType

    from live.monitoring.watching.meanings import Meaning
    from live.monitoring.watching.watcher import Watcher

LOOK_S: Final = 1.0


class MonitorApp(App[None]):
    """The monitor.

    Parameters
    ----------
    watcher : Watcher
        Looks at everything; the caller closes it.
    files : sequence of Path
        Factor files on top of the packaged ones, for units and sources.

    """

    TITLE = "dolphin monitor"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("p", "problems", "Problems"),
        Binding("a", "alarms", "Alarms"),
    ]

    def __init__(self, watcher: Watcher, files: Sequence[Path] = ()) -> None:
        super().__init__()
        self.animation_level = "none"
        self._watcher: Final = watcher
        self._files: Final = files
        self._meanings: Mapping[str, Meaning] | None = None
        self.picture = Picture(unix_s=0.0)

    def on_mount(self) -> None:
        """Begin to look."""
        self.push_screen(OverviewPage())
        self.look()
        self.set_interval(LOOK_S, self.look)

    def look(self) -> None:
        """Look, and show it."""
        self.picture = self._watcher.look()
        self.show_again()

    def show_again(self) -> None:
        """Show the last picture."""
        if isinstance(self.screen, LinesScreen):
            self.screen.show(self.picture)

    def meanings(self) -> Mapping[str, Meaning]:
        """Return what the registry says about factors; read at the first page that asks."""
        if self._meanings is None:
            try:
                self._meanings = meanings_of(self._files)
            except DolphinError as error:
                self._meanings = {}
                self.notify(str(error), severity="error", markup=False)
        return self._meanings

    def open_page(self, key: str) -> None:
        """Open the page of a line.

        Parameters
        ----------
        key : str
            ``fleet:FOLDER``, ``node:KEY``, ``service:REGION``, ``region:PATH``,
            ``factor:PATH:NAME``, ``regions``, ``problems`` or ``alarms``.

        """
        kind, _, rest = key.partition(":")
        page: LinesScreen
        match kind:
            case "node":
                found = next((n for n in self.picture.nodes if n.key == rest), None)
                page = NodePage(rest, rest if found is None else found.name)
            case "fleet":
                names = (f.name for f in self.picture.fleets if str(f.folder) == rest)
                page = FleetPage(Path(rest), next(names, rest))
            case "service":
                page = ServicePage(Path(rest))
            case "region":
                page = RegionPage(Path(rest), self._watcher, self.meanings)
            case "factor":
                path, _, name = rest.rpartition(":")
                page = FactorPage(Path(path), name, self._watcher, self.meanings)
            case "regions":
                page = RegionsPage("regions")
            case "alarms":
                page = AlarmsPage("last alarms")
            case _:
                page = ProblemsPage("problems")
        self.push_screen(page)

    def action_problems(self) -> None:
        """Show all problems."""
        self._open_once("problems", ProblemsPage)

    def action_alarms(self) -> None:
        """Show the last alarms."""
        self._open_once("alarms", AlarmsPage)

    def _open_once(self, key: str, page: type[LinesScreen]) -> None:
        if not isinstance(self.screen, page):
            self.open_page(key)

"""LinesScreen: a heading, lines that open other pages, and the keys; shown anew at each look."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

    from live.monitoring.screens.overview_rows import Row
    from live.monitoring.watching.pictures import Picture

STYLES: Final = {
    "heading": "bold",
    "bad": "bold $error",
    "good": "$success",
    "": "",
}
"""They add to what the words say, and to the marks before them."""


class Lines(OptionList):
    """The lines; the footer says what Enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Open")]


class LinesScreen(Screen[None]):
    """What all pages have in common.

    A page is a subclass with ``rows``; the keys of a row name the page that Enter opens.
    """

    DEFAULT_CSS: ClassVar[str] = """
    LinesScreen { layout: vertical; background: $background; }
    LinesScreen > .title { height: 1; width: 100%; background: $foreground 90%;
        color: $background; }
    LinesScreen OptionList { height: 1fr; border: none; padding: 0; background: $background; }
    LinesScreen OptionList:focus { border: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[Row] = []

    def compose(self) -> ComposeResult:
        yield Static("", classes="title", markup=False)
        yield from self.above()
        yield Lines(markup=False)
        yield Footer(show_command_palette=False)

    def above(self) -> Iterable[Widget]:
        """Yield what stands between the title and the lines."""
        return ()

    def heading(self) -> str:
        """Return the page's name."""
        return "overview"

    def rows(self, picture: Picture) -> Iterable[Row]:
        """Return the page's lines."""
        raise NotImplementedError

    def show(self, picture: Picture) -> None:
        """Show what was seen."""
        clock = time.strftime("%H:%M:%S", time.gmtime(picture.unix_s))
        title = f"dolphin monitor  {socket.gethostname()}  {clock} UTC  {self.heading()}"
        self.query_one(".title", Static).update(title)
        self._replace([*self.rows(picture)])

    def _replace(self, rows: Sequence[Row]) -> None:
        lines = self.query_one(OptionList)
        if len(rows) == len(self._shown):
            # What stays is not drawn again, which is most of the work.
            for index, (old, new) in enumerate(zip(self._shown, rows, strict=True)):
                if old != new:
                    lines.replace_option_prompt_at_index(index, prompt(new))
        else:
            highlighted = lines.highlighted
            key = "" if highlighted is None else self._shown[highlighted].key
            place = lines.scroll_offset
            lines.clear_options()
            lines.add_options([Option(prompt(row)) for row in rows])
            found = next((i for i, row in enumerate(rows) if key and row.key == key), highlighted)
            if found is None:
                found = next((i for i, row in enumerate(rows) if row.key), 0)
            lines.highlighted = min(found, len(rows) - 1) if rows else None
            if highlighted is not None:
                lines.scroll_to(place.x, place.y, animate=False)
        self._shown = [*rows]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open the page of the line."""
        key = self._shown[event.option_index].key if event.option_index < len(self._shown) else ""
        if key:
            self.open_page(key)

    def open_page(self, key: str) -> None:
        """Open the page that a key names; done by the app."""
        opener = getattr(self.app, "open_page", None)
        if opener is not None:
            opener(key)

    def on_mount(self) -> None:
        """Take the keys."""
        self.query_one(OptionList).focus()


def prompt(row: Row) -> Content:
    """Return a line as the terminal shows it; text is never taken for markup."""
    return Content.styled(row.text or " ", STYLES[row.tone])

"""LinesScreen: a heading, lines that open other pages, and the keys; shown anew at each look."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding
from textual.content import Content
from textual.css.query import NoMatches
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

STYLES: Final = {"heading": "bold", "bad": "bold $text-error", "good": "$text-success", "": ""}
"""They add to what the words say, and to the marks before them."""
PLAIN: Final = {"heading": "bold underline", "bad": "bold", "good": "", "": ""}
"""Without colours: the grey that is left of a red is darker than the text around it."""


class Lines(OptionList):
    """The lines; the footer says what Enter does.

    The arrows go to the next line that opens a page, unless it is further than a screen away.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Open")]
    opens: Sequence[bool] = ()
    """Of each line, whether it opens a page."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Enter out of the footer where it opens nothing: 80 columns are few."""
        return any(self.opens) if action == "select" else super().check_action(action, parameters)

    def action_cursor_down(self) -> None:
        """Go down."""
        if not self._go(1):
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """Go up."""
        if not self._go(-1):
            super().action_cursor_up()

    def _go(self, step: int) -> bool:
        at = self.highlighted
        if at is None:
            return False
        for index in range(at + step, at + step * max(self.size.height, 2), step):
            if not 0 <= index < len(self.opens):
                return False
            if self.opens[index]:
                self.highlighted = index
                return True
        return False


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
        self._is_composed = False

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
        """Show what was seen, once there is something to show it in."""
        if not self._is_composed:
            return
        clock = time.strftime("%H:%M:%S", time.gmtime(picture.unix_s))
        title = f"dolphin monitor  {socket.gethostname()}  {clock} UTC  {self.heading()}"
        # A page that is just being taken down has lost its parts one by one.
        with suppress(NoMatches), self.app.batch_update():
            self.query_one(".title", Static).update(title, layout=False)
            self._replace([*self.rows(picture)])

    def _replace(self, rows: Sequence[Row]) -> None:
        lines = self.query_one(Lines)
        had = any(lines.opens)
        lines.opens = [bool(row.key) for row in rows]
        if any(lines.opens) != had:
            lines.refresh_bindings()
        if len(rows) == len(self._shown):
            # What stays is not drawn again, which is most of the work.
            for index, (old, new) in enumerate(zip(self._shown, rows, strict=True)):
                if old != new:
                    lines.replace_option_prompt_at_index(index, self._prompt(new))
        else:
            highlighted = lines.highlighted
            key = "" if highlighted is None else self._shown[highlighted].key
            place = lines.scroll_offset
            lines.clear_options()
            lines.add_options([Option(self._prompt(row)) for row in rows])
            found = next((i for i, row in enumerate(rows) if key and row.key == key), highlighted)
            if found is None:
                found = next((i for i, row in enumerate(rows) if row.key), 0)
            lines.highlighted = min(found, len(rows) - 1) if rows else None
            if highlighted is not None:
                lines.scroll_to(place.x, place.y, animate=False)
        self._shown = [*rows]

    def _prompt(self, row: Row) -> Content:
        """Return a line as the terminal shows it; text is never taken for markup."""
        styles = PLAIN if self.app.no_color else STYLES
        return Content.styled(row.text or " ", styles[row.tone])

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
        """Take the keys, and show the last picture."""
        self._is_composed = True
        self.query_one(OptionList).focus()
        show_again = getattr(self.app, "show_again", None)
        if show_again is not None:
            show_again()

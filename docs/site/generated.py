"""Write the generated pages anew: ``uv run --group docs python -m docs.site.generated``."""

from __future__ import annotations

import sys

from adapters.command.terminal import say
from docs.site import settings_page
from docs.site.completion import completions
from docs.site.diagrams import draw, undrawn
from docs.site.program_pages import FOLDER, program_pages


def main() -> int:
    """Write the pages of programs and settings and the completion of shells, draw diagrams.

    Only diagrams whose text has changed.
    """
    pages = program_pages()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        if path not in pages:
            path.unlink()
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    settings_page.PAGE.write_text(settings_page.settings_page(), encoding="utf-8")
    for path, text in completions().items():
        path.write_text(text, encoding="utf-8")
    drawn = [draw(source) for source in undrawn()]
    say(f"wrote {len(pages) + 1} pages, drew {len(drawn)} diagrams")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Write the generated pages anew: ``uv run --group docs python -m docs.site.generated``."""

from __future__ import annotations

import sys

from adapters.command.terminal import say
from docs.site.diagrams import draw, undrawn
from docs.site.program_pages import FOLDER, program_pages


def main() -> int:
    """Write the pages of programs, and draw the diagrams whose text has changed."""
    pages = program_pages()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.md"):
        if path not in pages:
            path.unlink()
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    drawn = [draw(source) for source in undrawn()]
    say(f"wrote {len(pages)} pages, drew {len(drawn)} diagrams")
    return 0


if __name__ == "__main__":
    sys.exit(main())

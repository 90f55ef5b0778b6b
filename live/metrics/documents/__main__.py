"""Write the documents anew: ``python -m live.metrics.documents``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from live.metrics.documents.rendering import dashboard, rules, table

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs" / "metrics.md"
BEGIN: Final = "<!-- made by python -m live.metrics.documents: do not edit below -->\n"


def documents() -> dict[Path, str]:
    """Return what each document must hold; of the page, the part above the mark is kept."""
    written = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    return {
        PAGE: f"{written}{BEGIN}\n{table()}",
        ROOT / "docs" / "grafana" / "dolphin.json": dashboard(),
        ROOT / "docs" / "prometheus" / "dolphin.rules.yml": rules(),
    }


def main() -> int:
    """Write them."""
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The files that an evaluation leaves in a folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from adapters.process.whole_files import write_private
from backtests.evaluation.page.evaluation_json import as_data
from backtests.evaluation.page.html_page import html_page
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from backtests.evaluation.scoring.figures import Evaluation


def write_results(folder: Path, evaluation: Evaluation) -> Path:
    """Write ``evaluation.json`` and ``evaluation.html``; return the page.

    Parameters
    ----------
    folder : Path
        Made if missing.
    evaluation : Evaluation
        What was found.

    Raises
    ------
    ConfigError
        If the folder cannot be made.
    UnusableFileError
        If a file cannot be written.

    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"--out: {folder} cannot be made: {error.strerror}"
        raise ConfigError(msg) from None
    data = as_data(evaluation)
    write_private(folder / "evaluation.json", json.dumps(data, indent=1, allow_nan=False) + "\n")
    page = folder / "evaluation.html"
    write_private(page, html_page(data, evaluation))
    return page

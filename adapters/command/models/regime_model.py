"""RegimeModel: a fitted model of regimes as plain data, and its file, read without trust."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from adapters.command.models.model_content import read_content
from dolphin_strategies import ConfigError
from dolphin_strategies.computed.states.regimes.hidden_states import HiddenStates
from dolphin_strategies.exits.model import checked_json as checked
from dolphin_strategies.exits.model.document_hash import check_hash, hash_of

FORMAT: Final = "dolphin regime model"
VERSION: Final = 1
KEY: Final = "model"
"""Of a ``[[computed]]`` table of RegimeProbability, in place of the parameters of the file."""
_MOST_BYTES: Final = 1_000_000
_YEAR_NS: Final = 366 * 86_400_000_000_000
_KEYS: Final = (
    "format", "version", "step_ns", "memory_ns", "transition", "mean_bps", "deviation_bps",
    "trained", "sha256",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RegimeModel:
    """A Gaussian hidden Markov model of the log returns of a step.

    Attributes
    ----------
    step_ns, memory_ns : int
        The step, and after how long the filter begins anew, nanoseconds.
    states : HiddenStates
        The states, from the calmest to the wildest.
    trained : mapping
        Of what and when it was fitted, and its likelihood out of sample: for a reader.

    """

    step_ns: int
    memory_ns: int
    states: HiddenStates
    trained: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self) -> dict[str, Any]:
        """Return what a ``[[computed]]`` table of RegimeProbability says otherwise."""
        return {
            "step_s": self.step_ns / 1e9,
            "memory_s": self.memory_ns / 1e9,
            "transition": [list(row) for row in self.states.transition],
            "mean_bps": list(self.states.mean_bps),
            "deviation_bps": list(self.states.deviation_bps),
        }


def text_of(model: RegimeModel) -> str:
    """Return a model as the text of its file."""
    found = model.parameters()
    document = {
        "format": FORMAT,
        "version": VERSION,
        "step_ns": model.step_ns,
        "memory_ns": model.memory_ns,
        **{key: found[key] for key in ("transition", "mean_bps", "deviation_bps")},
        "trained": dict(model.trained),
    }
    return json.dumps({**document, "sha256": hash_of(document)}, indent=2, allow_nan=False) + "\n"


def read_regime_model(path: Path) -> RegimeModel:
    """Read a model; nothing in its file is trusted or executed.

    Raises
    ------
    ConfigError
        If it is no regular file, cannot be read, is no model of this version, was changed after it
        was written, or a value cannot be.

    """
    content = read_content(path, _MOST_BYTES, "fit_regimes.py")
    try:
        return model_of(content)
    except (ConfigError, ValueError) as error:
        msg = f"{path}: regime model: {error}; make it again with fit_regimes.py"
        raise ConfigError(msg) from None


def model_of(text: str | bytes) -> RegimeModel:
    """Return the model of a text.

    Raises
    ------
    ConfigError, ValueError
        If it is none that can be used.

    """
    document = checked.parse_json(text, _MOST_BYTES)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else document
        checked.refuse("format", repr(FORMAT), found)
    version = document.get("version")
    if version != VERSION or isinstance(version, bool):
        checked.refuse("version", str(VERSION), version)
    checked.table(document, "the document", _KEYS)
    check_hash(document)
    if not isinstance(document["trained"], dict):
        checked.refuse("trained", "an object", document["trained"])
    step_ns = checked.whole(document["step_ns"], "step_ns", 1, _YEAR_NS)
    return RegimeModel(
        step_ns=step_ns,
        memory_ns=checked.whole(document["memory_ns"], "memory_ns", 2 * step_ns, _YEAR_NS),
        states=HiddenStates.of(
            document["transition"], document["mean_bps"], document["deviation_bps"]
        ),
        trained=document["trained"],
    )


def with_regime_model(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a table of RegimeProbability with those of the model it names.

    Parameters
    ----------
    parameters : dict
        ``model``, the path of a file of fit_regimes.py, and those that the file has not.

    Raises
    ------
    ValueError
        If the model cannot be used, or the table has a parameter that the model has.

    """
    path = parameters[KEY]
    if not isinstance(path, str) or not path:
        msg = f"{KEY}: expected the path of a file of fit_regimes.py, found {path!r:.80}"
        raise ValueError(msg)
    try:
        found = read_regime_model(Path(path).expanduser()).parameters()
    except ConfigError as error:
        raise ValueError(str(error)) from None
    others = {key: value for key, value in parameters.items() if key != KEY}
    if twice := sorted(found.keys() & others.keys()):
        msg = f"expected either {KEY} or {', '.join(twice)}, found both"
        raise ValueError(msg)
    return {**others, **found}

"""The text of a model: JSON with a format, a version and a hash, read without trust."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from dolphin_strategies import ConfigError
from dolphin_strategies.exits.model import checked_json as checked
from dolphin_strategies.exits.model.document_hash import check_hash, hash_of
from dolphin_strategies.exits.model.exit_model import (
    OTHER,
    Bucket,
    ExitModel,
    ExitRule,
    ModelFactor,
)

FORMAT: Final = "dolphin exit model"
VERSION: Final = 1
UNITS: Final = {
    "distance": "standard deviations of the return over horizon_ns",
    "time": "fractions of horizon_ns",
    "weight": "distance per standard deviation of the factor, long",
}
"""What the numbers of a rule are; a file with others is refused."""
MOST_BYTES: Final = 1_000_000
_MOST_FACTORS: Final = 64
_MOST_BUCKETS: Final = 64
_MOST_ASSETS: Final = 10_000
_FAR: Final = 1e6
"""A distance that is never reached: none."""
_DAY_NS: Final = 86_400_000_000_000
_KEYS: Final = (
    "format", "version", "units", "horizon_ns", "interval_ns", "factors", "buckets", "assets",
    "trained", "sha256",
)  # fmt: skip
_RULE: Final = ("take", "decay", "stop", "trail", "time", "weights")


def text_of(model: ExitModel) -> str:
    """Return a model as the text of its file."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "units": UNITS,
        "horizon_ns": model.horizon_ns,
        "interval_ns": model.interval_ns,
        "factors": [asdict(factor) for factor in model.factors],
        "buckets": {name: asdict(bucket) for name, bucket in model.buckets.items()},
        "assets": dict(model.assets),
        "trained": dict(model.trained),
    }
    document["sha256"] = hash_of(json.loads(json.dumps(document)))
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def model_of(text: str | bytes) -> ExitModel:
    """Return the model of a text.

    Parameters
    ----------
    text : str or bytes
        The content of its file; nothing in it is trusted, and nothing of it is executed.

    Raises
    ------
    ConfigError
        With the place, what was expected and what was found: if it is too large or no such
        document, of another format, version or unit, was changed after it was written, or a value
        is missing, unknown, of another type or out of its range.

    """
    try:
        return _model(checked.parse_json(text, MOST_BYTES))
    except ConfigError as error:
        msg = f"exit model: {error}; make it again with train_exits.py"
        raise ConfigError(msg) from None


def _model(document: Any) -> ExitModel:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else document
        checked.refuse("format", repr(FORMAT), found)
    version = document.get("version")
    if version != VERSION or isinstance(version, bool):
        checked.refuse("version", str(VERSION), document.get("version"))
    checked.table(document, "the document", _KEYS)
    check_hash(document)
    if document["units"] != UNITS:
        checked.refuse("units", repr(UNITS), document["units"])
    factors = checked.items(document["factors"], "factors", _MOST_FACTORS, _factor)
    names = [factor.name for factor in factors]
    if len(set(names)) < len(names):
        checked.refuse("factors", "each name once", names)

    def bucket(value: Any, where: str) -> Bucket:
        found = checked.table(value, where, ("rule", "figures"))
        rule = found["rule"]
        return Bucket(
            rule=None if rule is None else _rule(rule, f"{where}.rule", len(factors)),
            figures=_any_table(found["figures"], f"{where}.figures"),
        )

    buckets = checked.entries(document["buckets"], "buckets", _MOST_BUCKETS, bucket)
    if OTHER not in buckets:
        checked.refuse("buckets", f"the bucket {OTHER!r} among them", list(buckets))
    assets = checked.entries(document["assets"], "assets", _MOST_ASSETS, checked.name)
    for asset, of in assets.items():
        if of not in buckets:
            checked.refuse(f"assets.{asset}", "one of the buckets", of)
    interval_ns = checked.whole(document["interval_ns"], "interval_ns", 1_000_000, 30 * _DAY_NS)
    return ExitModel(
        horizon_ns=checked.whole(
            document["horizon_ns"], "horizon_ns", interval_ns, 3_650 * _DAY_NS
        ),
        interval_ns=interval_ns,
        factors=factors,
        buckets=buckets,
        assets=assets,
        trained=_any_table(document["trained"], "trained"),
    )


def _factor(value: Any, where: str) -> ModelFactor:
    found = checked.table(value, where, ("name", "mean", "scale"))
    return ModelFactor(
        name=checked.name(found["name"], f"{where}.name"),
        mean=checked.number(found["mean"], f"{where}.mean", -1e300, 1e300),
        scale=checked.number(found["scale"], f"{where}.scale", 1e-300, 1e300),
    )


def _rule(value: Any, where: str, factors: int) -> ExitRule:
    found = checked.table(value, where, _RULE)
    weights = checked.items(
        found["weights"], f"{where}.weights", factors, lambda v, at: checked.number(v, at, -10, 10)
    )
    if len(weights) != factors:
        checked.refuse(f"{where}.weights", f"one for each of {factors} factors", list(weights))
    return ExitRule(
        take=checked.number(found["take"], f"{where}.take", 0, _FAR),
        decay=checked.number(found["decay"], f"{where}.decay", 0, 1),
        stop=checked.number(found["stop"], f"{where}.stop", 1e-6, _FAR),
        trail=checked.number(found["trail"], f"{where}.trail", 1e-6, _FAR),
        time=checked.number(found["time"], f"{where}.time", 1e-6, 1),
        weights=weights,
    )


def _any_table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        checked.refuse(where, "an object", value)
    return value

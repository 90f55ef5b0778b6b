"""What a study was made with, so that nothing else goes on with it."""

from __future__ import annotations

import hashlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from adapters.command.user_code.strategy_class import find_strategy
from backtests.sweeping.search.study_file import study_in
from dolphin_strategies.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from optuna.storages import BaseStorage

    from backtests.inputs.backtest_settings import BacktestSettings
    from backtests.sweeping.setup.folds import Fold
    from backtests.sweeping.setup.parameters import Parameter
    from backtests.sweeping.setup.sweep_settings import SweepSettings

_NAME: Final = "sweep"
_FOOTER_BYTES: Final = 65_536
"""The end of a Parquet file, which has the statistics of all its columns."""


def identity_of(  # noqa: PLR0913, PLR0917 - all that a result depends on
    catalog: Path,
    settings: BacktestSettings,
    sweep: SweepSettings,
    parameters: Sequence[Parameter],
    folds: Sequence[Fold],
    step_ns: int,
) -> dict[str, str]:
    """Return by name what the trials of a study depend on, as text."""
    found = {
        "strategy": settings.strategy.path,
        "the strategy's code": _code_hash(settings.strategy.path),
        "the strategy's config": repr(sorted(settings.strategy.config.items())),
        "venue": repr(settings.venue),
        "market": repr(settings.market),
        "backtest": repr(settings.backtest),
        "instrument": repr(settings.instrument),
        "catalog": _catalog_hash(catalog),
        "step_ns": str(step_ns),
    }
    found |= {f"parameter {p.name}": str(p) for p in parameters}
    found |= {
        f"fold {f.number}": f"{f.start_ns} to {f.split_ns} to {f.end_ns}, horizon {f.horizon_ns}"
        for f in folds
    }
    for name in ("objective", "sampler", "batch", "seed", "currency"):
        found[name] = str(getattr(sweep, name))
    return found


def check_identity(storage: BaseStorage, path: Path, identity: dict[str, str]) -> bool:
    """Refuse a study that was made with something else; return whether it is a new one.

    Raises
    ------
    ConfigError
        With each difference.

    """
    study = study_in(storage, _NAME)
    before: dict[str, Any] = study.user_attrs.get("identity", {})
    if not before:
        study.set_user_attr("identity", identity)
        return True
    names = dict.fromkeys([*before, *identity])
    differ = [
        f"{name} (study: {was:.120}; now: {now:.120})"
        for name in names
        if (was := before.get(name, "none")) != (now := identity.get(name, "none"))
    ]
    if differ:
        msg = (
            f"{path} was made with other inputs: {'; '.join(differ)}. Choose another --out, or "
            "restore what was"
        )
        raise ConfigError(msg)
    return False


def _code_hash(path: str) -> str:
    module = sys.modules[find_strategy(path).__module__]
    try:
        with open(str(module.__file__), "rb") as file:  # noqa: PTH123 - as Python found it
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError:
        return "unknown"


def _catalog_hash(catalog: Path) -> str:
    """Return a hash of the names, sizes and ends of a catalog's files."""
    digest = hashlib.sha256()
    for path in sorted(p for p in (catalog / "data").rglob("*.parquet") if p.is_file()):
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - _FOOTER_BYTES, 0))
            digest.update(f"{path.relative_to(catalog)} {size}\n".encode() + file.read())
    return digest.hexdigest()[:16]

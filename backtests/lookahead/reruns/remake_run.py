"""The making of factors anew inside a process of the look-ahead proof, by a user's function."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adapters.command.user_code.user_modules import hint_if_hidden, import_named
from backtests.lookahead.reruns.remade_factors import RemadeFactors
from dolphin_strategies.errors import ConfigError, describe_error, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

_EXPECTED = "expected (names, ts_init of shape (records,), values of shape (records, names))"


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Call the function, and write what it returns.

    Parameters
    ----------
    request : dict
        ``remake``: module:function; ``catalog``: the path that the function is given;
        ``values``: the file to write.

    Returns
    -------
    dict
        ``failure``: why there is no file, empty if there is one.

    """
    path = request["remake"]
    try:
        function = find_function(path)
        try:
            returned = function(Path(request["catalog"]))
        except (Exception, SystemExit) as error:
            msg = f"--remake {path} raised {describe_error(error)}"
            raise ConfigError(msg) from error
        checked(path, returned).write(Path(request["values"]))
    except ConfigError as error:
        return {"failure": str(error)}
    return {"failure": ""}


def find_function(path: str) -> Callable[[Path], Any]:
    """Import ``module:function``, also from the current folder, in which it is looked for last.

    Raises
    ------
    ConfigError
        If there is no such module or function.

    """
    module_name, colon, name = path.partition(":")
    if not (module_name and colon and name):
        msg = f"--remake {path!r}: expected module:function, for example my_factors:remake"
        raise ConfigError(msg)
    try:
        module = import_named(module_name)
    except (Exception, SystemExit) as error:
        hint = hint_if_hidden(module_name)
        msg = f"--remake {path!r}: cannot import {module_name!r}: {describe_error(error)}{hint}"
        raise ConfigError(msg) from error
    function: Callable[[Path], Any] | None = getattr(module, name, None)
    if not callable(function):
        names = [n for n, v in vars(module).items() if callable(v)]
        msg = (
            f"--remake {path!r}: {module_name} has no function {name!r}{did_you_mean(name, names)}"
            f"{hint_if_hidden(module_name)}"
        )
        raise ConfigError(msg)
    return function


def checked(path: str, returned: Any) -> RemadeFactors:
    """Return what a function returned as columns.

    Raises
    ------
    ConfigError
        If it is something else.

    """
    try:
        names, ts_init, values = returned
        found = RemadeFactors(
            names=(names,) if isinstance(names, str) else tuple(map(str, names)),
            ts_init=_instants(ts_init),
            values=_columns(values),
        )
    except (TypeError, ValueError) as error:
        msg = f"--remake {path} returned no factors: {_EXPECTED}, found {returned!r:.60}: {error}"
        raise ConfigError(msg) from None
    shape, expected = found.values.shape, (len(found.ts_init), len(found.names))
    if shape != expected or not found.names or len(set(found.names)) != len(found.names):
        msg = (
            f"--remake {path}: {_EXPECTED}, found {len(found.names)} names, "
            f"{len(found.ts_init):,} instants and values of shape {shape}"
        )
        raise ConfigError(msg)
    return found


def _instants(values: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    found = np.asarray(values)
    if found.dtype.kind not in "iu" or found.ndim != 1:
        msg = f"ts_init is {found.dtype} of shape {found.shape}, not int64 UNIX nanoseconds"
        raise ValueError(msg)
    return found.astype(np.int64)


def _columns(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = np.asarray(values, np.float64)
    return found[:, None] if found.ndim == 1 else found

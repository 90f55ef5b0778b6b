"""Strategy classes: found by name and configured from TOML values."""

from __future__ import annotations

import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from adapters.command.field_rules import OTHER_KEYS, Key, field_types
from adapters.command.models.model_content import read_content
from adapters.command.settings_file import from_table
from adapters.command.user_code.user_modules import hint_if_hidden, import_named
from dolphin_strategies import ConfigError, FactorStrategy, FactorStrategyConfig
from dolphin_strategies.errors import describe_error, did_you_mean
from dolphin_strategies.exits.model.exit_model import ExitModel
from dolphin_strategies.exits.model.model_text import MOST_BYTES, model_of

if TYPE_CHECKING:
    from dolphin_strategies import FactorSchema

type AnyFactorStrategy = FactorStrategy[Any]


@dataclass(frozen=True, kw_only=True)
class StrategySettings:
    """The ``[strategy]`` table: ``class``, and the fields of that class's config.

    Attributes
    ----------
    path : str
        ``module:Class``.
    config : dict
        Every other key.

    """

    path: Annotated[str, Key("class")] = ""
    config: Annotated[dict[str, Any], OTHER_KEYS] = field(default_factory=dict)


def find_strategy(path: str) -> type[AnyFactorStrategy]:
    """Import ``module:Class``, also from the current folder, in which it is looked for last.

    Raises
    ------
    ConfigError
        If there is no such module or class, or it is not a FactorStrategy.

    """
    module_name, colon, class_name = path.partition(":")
    if not (module_name and colon and class_name):
        msg = f"strategy {path!r}: expected module:Class, for example my_module:MyStrategy"
        raise ConfigError(msg)
    try:
        module = import_named(module_name)
    except (Exception, SystemExit) as error:
        hint = hint_if_hidden(module_name)
        if "/" in module_name or module_name.endswith(".py"):
            name = Path(module_name).name.removesuffix(".py")
            hint = f"; name the module, not the file: {name}:{class_name}, from its folder"
        msg = f"strategy {path!r}: cannot import {module_name!r}: {describe_error(error)}{hint}"
        raise ConfigError(msg) from error
    found = getattr(module, class_name, None)
    if found is None:
        names = [
            n
            for n, v in vars(module).items()
            if isinstance(v, type) and issubclass(v, FactorStrategy)
        ]
        msg = (
            f"strategy {path!r}: {module_name} has no class {class_name!r}"
            f"{did_you_mean(class_name, names)}{hint_if_hidden(module_name)}"
        )
        raise ConfigError(msg)
    if not (isinstance(found, type) and issubclass(found, FactorStrategy)):
        msg = f"strategy {path!r}: expected a subclass of FactorStrategy, found {found!r}"
        raise ConfigError(msg)
    return found


def config_class_of(strategy: type[AnyFactorStrategy]) -> type[FactorStrategyConfig]:
    """Return ``C`` of ``class S(FactorStrategy[C])``."""
    for cls in strategy.__mro__:
        for base in getattr(cls, "__orig_bases__", ()):
            for argument in typing.get_args(base):
                if isinstance(argument, type) and issubclass(argument, FactorStrategyConfig):
                    return argument
    return FactorStrategyConfig


def make_config(strategy: type[AnyFactorStrategy], values: dict[str, Any]) -> FactorStrategyConfig:
    """Make the strategy's config; a field of type ExitModel is read from the file it names.

    Raises
    ------
    ConfigError
        If a key is unknown, with the nearest name, or a value does not fit.

    """
    config = config_class_of(strategy)
    where = f"[strategy] of {strategy.__name__}"
    return from_table(config, with_exit_models(config, values), where)


def read_exit_model(path: Path) -> ExitModel:
    """Read a model; nothing in its file is trusted or executed.

    Raises
    ------
    ConfigError
        If it is no regular file, cannot be read, or its content is refused.

    """
    content = read_content(path, MOST_BYTES, "train_exits.py")
    try:
        return model_of(content)
    except ConfigError as error:
        msg = f"{path}: {error}"
        raise ConfigError(msg) from None


def with_exit_models(config: type[Any], values: dict[str, Any]) -> dict[str, Any]:
    """Return a config's TOML values with the models that its fields of type ExitModel name.

    Parameters
    ----------
    config : type
        The config's dataclass.
    values : dict
        The values; the path of a file for a field of that type.

    Raises
    ------
    ConfigError
        If a model cannot be used.

    """
    found = dict(values)
    for name, field_type in field_types(config).items():
        key = field_type.key or name
        if field_type.plain is ExitModel and isinstance(found.get(key), str):
            found[key] = read_exit_model(Path(found[key]).expanduser())
    return found


def make_strategy(path: str, values: dict[str, Any]) -> AnyFactorStrategy:
    """Make a strategy; a Nautilus strategy serves one run, so each run needs a new one.

    Parameters
    ----------
    path : str
        ``module:Class``, as for :func:`find_strategy`.
    values : dict
        The fields of its config, as TOML values.

    Raises
    ------
    ConfigError
        If there is no such class, its config does not fit, or its constructor raises.

    """
    found = find_strategy(path)
    config = make_config(found, values)
    try:
        return found(config)
    except (Exception, SystemExit) as error:
        msg = f"strategy {path!r} cannot be made: {describe_error(error)}"
        raise ConfigError(msg) from error


def check_factors(strategy: type[AnyFactorStrategy], schema: FactorSchema) -> None:
    """Refuse a strategy that requires a factor which the schema lacks.

    Raises
    ------
    ConfigError
        With the nearest name.

    """
    for name in strategy.required_factors:
        if name not in schema:
            msg = (
                f"{strategy.__name__} requires factor {name!r}, which the producer's "
                f"{len(schema)} factors lack{did_you_mean(name, schema)}"
            )
            raise ConfigError(msg)

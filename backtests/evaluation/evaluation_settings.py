"""The settings of an evaluation, as its command line makes them."""

from __future__ import annotations

from dataclasses import dataclass

from dolphin_strategies.errors import ConfigError

DEFAULT_COST_BPS = 5.0


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """What to evaluate, and how.

    Attributes
    ----------
    show : tuple of str, optional
        The factors; None: all.
    recordings : tuple of str, optional
        Recordings of factors; None: all.
    instruments : tuple of str
        The instruments whose returns count, one after the other; empty: the only one.
    prices : str
        ``quotes``, ``trades``, ``bars``, or ``auto``: the first of them that there is.
    start_ns, end_ns : int, optional
        The window, half-open, UNIX nanoseconds; None: where factors and prices are.
    step_ns : int, optional
        The distance of two instants.
    horizons_ns, delays_ns : tuple of int, optional
        Horizons and delays; None: by the data.
    max_age_ns : int, optional
        How long a record of a factor holds; None: ten mean distances of its records.
    cost_bps : float
        Cost of one trade: fee, half the spread and slippage, in hundredths of a percent.
    quantiles : int
        The number of quantiles.
    resamples : int
        Resamples of the bootstrap.
    rate : float
        The false-discovery rate.
    seed : int
        Seed of the bootstrap.

    Raises
    ------
    ConfigError
        If one of them cannot be used.

    """

    show: tuple[str, ...] | None = None
    recordings: tuple[str, ...] | None = None
    instruments: tuple[str, ...] = ()
    prices: str = "auto"
    start_ns: int | None = None
    end_ns: int | None = None
    step_ns: int | None = None
    horizons_ns: tuple[int, ...] | None = None
    delays_ns: tuple[int, ...] | None = None
    max_age_ns: int | None = None
    cost_bps: float = DEFAULT_COST_BPS
    quantiles: int = 5
    resamples: int = 500
    rate: float = 0.05
    seed: int = 1

    def __post_init__(self) -> None:
        for option, value, least, most in (
            ("--cost", self.cost_bps, 0, 1_000),
            ("--quantiles", self.quantiles, 2, 100),
            ("--resamples", self.resamples, 100, 100_000),
            ("--seed", self.seed, 0, 2**63 - 1),
        ):
            if not least <= value <= most:
                msg = f"{option}: expected {least:,} to {most:,}, found {value}"
                raise ConfigError(msg)
        if not 0 < self.rate < 1:
            msg = f"--rate: expected more than 0 and less than 1, found {self.rate}"
            raise ConfigError(msg)

"""Windows over rows of numbers with exact sums; made of C."""

from typing import final

@final
class WindowSums:
    """The rows of a window, and the exact sums of their columns and of products of columns.

    A row is in the window from its ``ts_ns`` on, until ``window_ns`` later (exclusive), until
    ``count`` further rows came, or until the next multiple of ``period_ns`` since 1970. A sum is
    the nearest float64 to the exact one, whatever was added and left before.

    Parameters
    ----------
    columns : int
        Numbers in a row, 0 to 6.
    window_ns, count, period_ns : int, optional
        The length; exactly one of them.
    products : tuple of pairs of int, optional
        Pairs of columns whose products are summed too; at most 4.

    Attributes
    ----------
    due_ns : int
        The next instant, UNIX nanoseconds, at which the window changes without a new row;
        ``2**63 - 1``: none.
    since_ns : int
        The instant from which the data are complete; ``2**63 - 1``: none yet.
    refused : int
        Rows left out because a value or product is not finite or not below ``2**96``.

    Notes
    -----
    Instants must not decrease; an earlier one counts as the newest. Values are taken in units of
    ``2**-140``. A window of time is full when its data are complete over its whole length.

    Raises
    ------
    ValueError
        If not exactly one length is given, or an argument is out of its range.

    """

    def __new__(
        cls,
        columns: int,
        *,
        window_ns: int | None = None,
        count: int | None = None,
        period_ns: int | None = None,
        products: tuple[tuple[int, int], ...] = (),
    ) -> WindowSums: ...
    @property
    def due_ns(self) -> int: ...
    @property
    def since_ns(self) -> int: ...
    @property
    def refused(self) -> int: ...
    def add(self, ts_ns: int, /, *columns: float) -> bool: ...
    def begin(self, ts_ns: int, /) -> None: ...
    def sums(self, now_ns: int, /) -> tuple[float, ...]: ...
    def count(self, now_ns: int, /) -> int: ...
    def left(self, now_ns: int, /) -> float: ...
    def covariation(self, now_ns: int, product: int, n: float, /) -> float: ...

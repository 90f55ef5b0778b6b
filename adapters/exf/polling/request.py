"""Request: the HTTP request of a source, made once and completed at each poll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self
from urllib.parse import quote

import orjson
from yarl import URL

if TYPE_CHECKING:
    from adapters.exchanges.rest_venue import ApiRequest

_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request.

    Attributes
    ----------
    url : URL
        The address without the parts that depend on the time.
    timed : tuple of pairs
        The query parameters that depend on the time.
    body : bytes, optional
        The body of a POST.

    """

    url: URL
    timed: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    @classmethod
    def of(cls, endpoint: ApiRequest, symbol: str, base_url: str) -> Self:
        """Make a request about a symbol.

        Parameters
        ----------
        endpoint : ApiRequest
            Its description.
        symbol : str
            The value of ``{symbol}`` in its templates; may be empty.
        base_url : str
            Scheme and host.

        """
        path = endpoint.path.replace("{symbol}", quote(symbol, safe=""))
        fixed, timed = {}, []
        for name, template in endpoint.query.items():
            if "_ms}" in template:
                timed.append((name, template))
            else:
                fixed[name] = template.replace("{symbol}", symbol)
        body: dict[str, Any] | None = None
        if endpoint.json is not None:
            body = {k: v.replace("{symbol}", symbol) for k, v in endpoint.json.items()}
        url = URL(base_url.rstrip("/") + path, encoded=True)
        return cls(
            url=url.with_query(fixed) if fixed else url,
            timed=tuple(timed),
            body=None if body is None else orjson.dumps(body),
        )

    def url_at(self, unix_ms: int) -> URL:
        """Return the address for an instant of the wall clock."""
        if not self.timed:
            return self.url
        moments = {"{now_ms}": str(unix_ms), "{hour_ago_ms}": str(unix_ms - _HOUR_MS)}
        return self.url.update_query({name: moments[template] for name, template in self.timed})


class FixedRequest(NamedTuple):
    """A request that is always the same."""

    request: Request

    def now(self) -> Request:
        """Return it."""
        return self.request

    async def wait(self) -> bool:
        """Return that it could be made before."""
        return False

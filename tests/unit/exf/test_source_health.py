"""SourceHealth: what is kept of an answer that could not be used."""

from adapters.exf.polling.source_health import SourceHealth


def test_an_error_that_quotes_an_answer_is_one_printable_line() -> None:
    """An exchange's error page can neither add lines to the log nor command a terminal."""
    health = SourceHealth()
    health.failed("http_5xx", "HTTP 500: Internal\r\n\nServer \x1b[2J error\x00 é")
    assert health.last_error == "http_5xx: HTTP 500: Internal Server [2J error é"

"""Which venues the streams' node gets, and when the others are tried again."""

from __future__ import annotations

from adapters.streams.hosting.trials.venue_admission import (
    LONGEST_PAUSE_S,
    LONGEST_REFUSED_PAUSE_S,
    VenueAdmission,
)


def test_every_venue_is_due_at_first_and_none_is_in() -> None:
    """Nothing is known of a venue before its first trial."""
    admission = VenueAdmission(["bybit", "okx"])
    assert admission.due(0.0) == ("bybit", "okx")
    assert admission.admitted == ()
    assert admission.reason("okx")


def test_one_that_passed_is_in_and_not_tried_again() -> None:
    """In the order of the venues, whatever the order of the trials."""
    admission = VenueAdmission(["bybit", "okx"])
    admission.passed("okx")
    admission.passed("bybit")
    assert admission.admitted == ("bybit", "okx")
    assert admission.due(1e9) == ()
    assert admission.reason("okx") == ""


def test_pauses_double_to_a_limit() -> None:
    """One second after the first failure, and at most a minute."""
    admission = VenueAdmission(["okx"])
    pauses, now_s = [], 100.0
    for _ in range(10):
        admission.failed("okx", "no", now_s)
        due_s = next(s for s in range(1000) if admission.due(now_s + s))
        pauses.append(due_s)
        now_s += due_s
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_a_host_that_refuses_is_asked_again_soon() -> None:
    """Asking it costs nothing, and factors wait for it."""
    admission = VenueAdmission(["okx"])
    for _ in range(10):
        admission.failed("okx", "refused", 0.0, is_refused=True)
    assert admission.is_refused("okx")
    assert admission.due(LONGEST_REFUSED_PAUSE_S) == ("okx",)


def test_data_end_the_memory_of_failures() -> None:
    """The next failure is a first one again; a venue in doubt is due at once."""
    admission = VenueAdmission(["okx"])
    for _ in range(8):
        admission.failed("okx", "no", 0.0)
    admission.passed("okx")
    admission.worked("okx")
    admission.failed("okx", "no", 50.0)
    assert admission.due(51.0) == ("okx",)
    admission.passed("okx")
    admission.doubted("okx")
    assert admission.admitted == ()
    assert admission.due(0.0) == ("okx",)

"""Who is silent is known by questions that were asked in time, and by no others."""

from hanse.fleet.engine.silence import LATE_SECONDS, QUESTION_SECONDS, Silence


def asked(silence: Silence, took: float, questions: int = 6, *, works: bool = False) -> float:
    """Questions in vain, one after the other; when the last one is given up."""
    now = 0.0
    for _ in range(questions):
        silence.note(now, now + took, heard=False, works=works)
        now += took
    return now


def test_what_answers_nothing_in_time_is_silent() -> None:
    silence = Silence()
    assert silence.is_over(asked(silence, QUESTION_SECONDS), 10.0)


def test_who_works_or_waits_for_a_processor_has_longer_and_not_for_ever() -> None:
    silence = Silence()
    assert not silence.is_over(asked(silence, QUESTION_SECONDS, 20, works=True), 10.0)
    assert silence.is_over(asked(silence, QUESTION_SECONDS, 31, works=True), 10.0)


def test_who_worked_at_first_and_hangs_now_has_ten_seconds_from_then() -> None:
    silence = Silence()
    silence.note(0.0, 2.0, heard=False, works=True)
    for now in (4.0, 6.0, 8.0, 10.0):
        silence.note(now - 2.0, now, heard=False)
    assert not silence.is_over(11.0, 10.0)
    assert silence.is_over(12.0, 10.0)


def test_what_works_is_known_of_a_question_too_late_as_well() -> None:
    silence = Silence()
    asked(silence, QUESTION_SECONDS, 4)
    assert not silence.note(8.0, 14.0, heard=False, works=True)
    assert not silence.is_over(14.0, 10.0)


def test_who_asks_too_late_knows_nothing() -> None:
    silence = Silence()
    now = asked(silence, QUESTION_SECONDS + 2 * LATE_SECONDS)
    assert silence.since is None
    assert not silence.is_over(now, 10.0)


def test_an_answer_counts_however_late_it_is_looked_at() -> None:
    silence = Silence()
    asked(silence, QUESTION_SECONDS)
    silence.note(20.0, 25.0, heard=True)
    assert silence.since is None

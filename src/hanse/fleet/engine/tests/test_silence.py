"""Who is silent is known by questions that were asked in time, and by no others."""

from hanse.fleet.engine.silence import LATE_SECONDS, QUESTION_SECONDS, Silence


def asked(silence: Silence, took: float, questions: int = 6) -> float:
    """Questions in vain, one after the other; when the last one is given up."""
    now = 0.0
    for _ in range(questions):
        silence.note(now, now + took, heard=False)
        now += took
    return now


def test_what_answers_nothing_in_time_is_silent() -> None:
    silence = Silence()
    assert silence.is_over(asked(silence, QUESTION_SECONDS), 10.0)


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

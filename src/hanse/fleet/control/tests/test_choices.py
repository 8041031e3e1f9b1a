"""What was decided once is the same for the next control process."""

from pathlib import Path

from hanse.fleet.control.choices import Choices, Moved


def test_a_port_that_was_chosen_is_kept(tmp_path: Path) -> None:
    first = Choices(tmp_path / "choices.json").port("http", 0, "127.0.0.1")

    again = Choices(tmp_path / "choices.json")
    assert first > 0
    assert again.port("http", 0, "127.0.0.1") == first
    assert again.port("http", 8080, "127.0.0.1") == 8080


def test_what_moved_stays_moved_until_it_comes_home(tmp_path: Path) -> None:
    choices = Choices(tmp_path / "choices.json")
    choices.move(Moved("ad.v1.Ads", "ad.v1.Ads", 2.0))
    choices.move(Moved("ad.v1.Ads", "ad.v1.Ads", 5.0))

    assert Choices(tmp_path / "choices.json").moved == (Moved("ad.v1.Ads", "ad.v1.Ads", 5.0),)
    choices.bring_home()
    assert Choices(tmp_path / "choices.json").moved == ()

"""What was decided once is the same for the next control process."""

import socket
from pathlib import Path

import pytest

from hanse.fleet.control.choices import Choices, Moved
from hanse.fleet.control.ports import Ports
from hanse.runtime.config.configuration_error import ConfigurationError

HERE = Ports("127.0.0.1")


def test_a_port_that_was_chosen_is_kept(tmp_path: Path) -> None:
    first = Choices(tmp_path / "choices.json").port("http", HERE)

    assert first > 0
    assert Choices(tmp_path / "choices.json").port("http", HERE) == first


def test_a_port_that_somebody_else_took_meanwhile_is_chosen_anew(tmp_path: Path) -> None:
    choices = Choices(tmp_path / "choices.json")
    first = choices.port("http", HERE)
    with socket.create_server(("127.0.0.1", first)):
        # given that it is our own gateway that has it
        assert choices.port("http", Ports("127.0.0.1", frozenset({first}))) == first
        # given that it is not
        second = choices.port("http", HERE)
    assert second != first
    # then the new one stays, though the old one is free again
    assert choices.port("http", HERE) == second


def test_the_usual_port_is_taken_if_it_can_be_had(tmp_path: Path) -> None:
    usual = HERE.any_free()
    assert Choices(tmp_path / "a.json").port("https", HERE, first=usual) == usual
    assert Choices(tmp_path / "b.json").port("https", HERE, first=usual, but=usual) != usual
    with socket.create_server(("127.0.0.1", usual)):
        assert Choices(tmp_path / "c.json").port("https", HERE, first=usual) != usual


def test_an_interface_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Nothing can listen at 192\.0\.2\.1: "):
        Choices(tmp_path / "choices.json").port("http", Ports("192.0.2.1"))


def test_what_moved_stays_moved_until_it_comes_home(tmp_path: Path) -> None:
    choices = Choices(tmp_path / "choices.json")
    choices.move(Moved("ad.v1.Ads", "ad.v1.Ads", 2.0))
    choices.move(Moved("ad.v1.Ads", "ad.v1.Ads", 5.0))

    assert Choices(tmp_path / "choices.json").moved == (Moved("ad.v1.Ads", "ad.v1.Ads", 5.0),)
    choices.bring_home()
    assert Choices(tmp_path / "choices.json").moved == ()

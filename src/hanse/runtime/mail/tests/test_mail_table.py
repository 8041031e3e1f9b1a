"""`[mail]` of `hanse.toml`: what it may say, and where the password comes from."""

from pathlib import Path

import pytest

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.mail.mail_config import Server, server_of
from hanse.runtime.mail.mail_table import read_mail
from hanse.runtime.project.project import ProjectError, read_project

SECRET = "smtp://kogge:p%40ss@mail.example:2525"


def mail_of(folder: Path, table: str, **variables: str):
    (folder / "hanse.toml").write_text(
        f'[project]\nname = "shop"\nservices = ["shop:Shop"]\n[mail]\n{table}\n'
    )
    made = read_project(folder)
    return read_mail(made.file.mail, made.sources(variables), made.folder)


def test_the_url_comes_from_the_table_or_whole_from_outside(tmp_path):
    assert mail_of(tmp_path, "") is None
    table = 'url = "smtps://kogge@mail.example"\nsender = "a@b.example"\nauthority = "ca.pem"'
    found = mail_of(tmp_path, table)
    assert found is not None and found.url is not None
    assert server_of(found.url) == Server("mail.example", 465, True, "kogge", "")
    assert found.authority == tmp_path / "ca.pem"
    outside = mail_of(tmp_path, table, HANSE_MAIL__URL=SECRET)
    assert outside is not None and outside.url is not None
    assert server_of(outside.url) == Server("mail.example", 2525, False, "kogge", "p@ss")
    assert "p@ss" not in repr(outside) + repr(server_of(outside.url))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (f'url = "{SECRET}"', "HANSE_MAIL__URL"),
        ('url = "http://mail.example"', "a URL is like smtp://user@mail.example.org:587"),
        ('sender = "Careers <a@b.example>"', "its name is sender_name"),
        ('tls = "maybe"', '"required" or "off"'),
        ("connections = 0", "1 to 100 connections"),
        ("port = 25", "mail.port"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, table, said):
    with pytest.raises(ProjectError) as caught:
        mail_of(tmp_path, table)
    assert said in str(caught.value)
    assert "hanse.toml:5" in str(caught.value)
    assert "p%40ss" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "url", "said"),
    [
        ("", SECRET, "mail.sender: whose letters"),
        ('sender = "a@b..example"', SECRET, "mail.sender: whose letters"),
        ('sender = "a@b.example"\ntls = "off"', SECRET, "in clear"),
        ('sender = "a@b.example"\ntls = "off"', "smtps://mail.example", "in clear"),
        ('sender = "a@b.example"', "smtp://kogge:p%40ss@mail.example/x", "mail.url is like"),
        ('sender = "a@b.example"', "smtp://kogge:p%40ss@mail.example:no", "mail.url is like"),
    ],
)
def test_what_would_send_nothing_or_a_password_in_clear_is_refused(tmp_path, table, url, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        mail_of(tmp_path, table, HANSE_MAIL__URL=url)
    assert "p%40ss" not in str(caught.value)

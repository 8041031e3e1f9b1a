"""What is wrong with templates is told when a host starts, all of it, and what is in them kept apart."""

import re
import subprocess
import sys

import pytest

from hanse import PUBLIC, DatabaseConfig, DeclarationError, Host, HostConfig, Secret, Service, rpc
from hanse.mail import Letter, Mail, MailConfig, letter
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.mail.letter import LetterModel
from hanse.runtime.mail.templates import Templates
from hanse.runtime.mail.tests.office import Office, Receipt

NOWHERE = DatabaseConfig(url=Secret("postgresql://nobody@127.0.0.1:1/none"))


@pytest.fixture
def written(tmp_path):
    """Makes templates of texts by their endings."""

    def make(**files):
        for ending, text in files.items():
            (tmp_path / f"receipt.{ending.replace('_', '.')}").write_text(text)
        return Templates(LetterModel(Receipt, tmp_path, "receipt", frozenset({"name", "job"})))

    return make


LAZY = ("aiosmtplib", "jinja2", "hanse.runtime.mail.mail", "hanse.runtime.mail.line")
PLAIN = "Subject: Hello\n\nHello.\n"

BROKEN = {
    "no_text": ({"html": "<p>"}, [r"there is no receipt\.txt"]),
    "no_html": ({"txt": PLAIN, "html": "<p>", "de_txt": PLAIN}, [r"no receipt\.de\.html beside it"]),
    "no_subject": ({"txt": "Hello\n"}, ["begins with no line `Subject: …`"]),
    "syntax": ({"txt": PLAIN + "{% if %}"}, [r"receipt\.txt:4: "]),
    "names": (
        {"txt": PLAIN + "{{ nmae }}", "html": "{% for x in jbos %}{{ x }}{% endfor %}"},
        ["receipt.txt asks for nmae", "receipt.html asks for jbos"],
    ),
    "parent": ({"txt": PLAIN, "html": '{% extends "layout.html" %}'}, ["layout.html"]),
    "inner": ({"txt": PLAIN + '{% include "receipt.x.txt" %}', "x_txt": PLAIN + "{{ y }}"}, ["asks for y"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_templates_is_told_by_their_names(written, case):
    files, expected = BROKEN[case]
    with pytest.raises(ConfigurationError) as raised:
        written(**files)
    problems = "\n".join(raised.value.problems)
    for one in expected:
        assert re.search(one, problems), problems


def test_a_host_tells_of_letters_when_it_is_made_together_with_all_else():
    @letter("letters/nowhere")
    class Lost(Letter):
        name: str

    class Writer(Service, package="writer.v1"):
        def __init__(self, lost: Mail[Lost], bare: Mail, missing: int) -> None: ...

        @rpc("POST /writer/v1/letters", allow=PUBLIC)
        async def write(self) -> None: ...

    with pytest.raises(ConfigurationError) as raised:
        Host([Writer], HostConfig(database=NOWHERE, mail=MailConfig()))
    told = "\n".join(raised.value.problems)
    assert "Letter Lost: there is no nowhere.txt" in told
    assert "Mail[Receipt], a class below @letter(…)" in told
    assert "Writer(missing: int)" in told


def test_a_host_whose_services_mail_is_told_by_which_server():
    with pytest.raises(ConfigurationError, match=r"write \[mail\] in hanse\.toml"):
        Host([Office], HostConfig(database=NOWHERE))


@pytest.mark.parametrize("place", ["../x", "/etc/x", "", "Letters/x", "x.txt", "a//b"])
def test_a_place_of_templates_that_is_none_is_told_when_the_class_is_made(place):
    with pytest.raises(DeclarationError, match="like @letter"):
        letter(place)(type("Odd", (Letter,), {}))


def test_who_sends_no_letter_loads_nothing_of_it():
    code = (
        "import sys, hanse, hanse.runtime.host\n"
        "print(sorted({*NAMES} & sys.modules.keys()))".replace("NAMES", repr(LAZY))
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""What was mailed where nothing is sent is shown to who develops, and a letter does nothing there."""

import json

import pytest

from hanse import PUBLIC, People, Secret, Service, rpc
from hanse.mail import Letter, Mail, MailConfig, letter
from hanse.runtime.identity.principal import VISITOR
from hanse.runtime.mail.inbox.inbox import Inbox
from hanse.runtime.mail.tests.office import Office
from hanse.runtime.wiring import inbox_beside
from hanse.testing import World

HOME = "/hanse/inbox"


@letter("letters/wild")
class Wild(Letter):
    """What somebody wrote who means no good."""


class Zoo(Service):
    """Writes it."""

    def __init__(self, wild: Mail[Wild]) -> None:
        self._wild = wild

    @rpc("POST /zoo/v1/letters", allow=PUBLIC)
    async def write(self) -> str:
        return await self._wild.send(Wild(), "ada@example.org")


@pytest.fixture
async def world():
    async with World(Office, Zoo, Inbox) as world:
        yield world


async def seen(world, path, status=200, **given):
    answer = await world.http(**given).get(f"{HOME}/{path}", headers={"accept": "text/html"})
    assert answer.status == status
    return answer


async def test_it_shows_the_newest_first_and_all_of_a_letter(world):
    assert "No letter yet" in (await seen(world, "")).text
    first = await world.get(Office).receive("Ada <b>", job="Smith", reply_to="ruth@example.org")
    await world.get(Office).note("Later")
    listed = (await seen(world, "")).text
    assert listed.index("Later") < listed.index("Thank you, Ada &lt;b&gt;: Smith")
    shown = (await seen(world, f"letters/{first}")).text
    for part in ("Ada &lt;b&gt;", "ada@example.org", "ruth@example.org", "Receipt", first):
        assert part in shown
    assert f'src="{HOME}/letters/{first}/html"' in shown
    told = json.loads((await seen(world, "letters.json")).text)
    assert [(one["kind"], one["to"]) for one in told["letters"]] == [
        ("Note", "ada@example.org"), ("Receipt", "ada@example.org"),
    ]  # fmt: skip


async def test_a_page_has_fifty_and_leads_to_those_before(world):
    for at in range(51):
        await world.get(Office).note(f"Letter {at:02}")
    first = (await seen(world, "")).text
    assert "Letter 50" in first and "Letter 00" not in first
    after = first.partition("?after=")[2].partition('"')[0]
    assert "Letter 00" in (await seen(world, f"?after={after}")).text


async def test_a_letter_runs_loads_and_sends_nothing(world):
    wild = await world.get(Zoo).write()
    policy = (await seen(world, f"letters/{wild}/html")).headers["content-security-policy"]
    said = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
    assert said["default-src"] == said["form-action"] == ["'none'"]
    assert "script-src" not in said and "connect-src" not in said
    assert set(said["sandbox"]) == {"allow-popups", "allow-popups-to-escape-sandbox"}
    shown = await seen(world, f"letters/{wild}")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert '<a href="https://example.org/a?b=1&amp;c=2" target="_blank"' in shown.text
    assert "&lt;b&gt;Or not.&lt;/b&gt;" in shown.text


async def test_who_is_erased_is_in_no_list_any_more(world):
    erased = await world.get(Office).receive("Ada")
    with world.as_(VISITOR):
        await People(world.database).erase("ada@example.org")
    assert "No letter yet" in (await seen(world, "")).text
    for path in (f"letters/{erased}", f"letters/{erased}/html", "letters/none"):
        assert "Ada" not in (await seen(world, path, 404)).text


PATHS = ("", "letters.json", "style.css", "letters/{}", "letters/{}/html")
HERE = ("localhost", "LOCALHOST:8000", "127.0.0.1:1", "127.0.0.1", "[::1]:8000", "[::1]")
ELSEWHERE = (
    "evil.example", "evil.example:8000", "localhost.evil.example", "evil.localhost", "127.0.0.1.nip.io",
    "127.0.0.2", "192.168.1.2:8000", "localhost.",
)  # fmt: skip


async def test_it_is_shown_to_nobody_who_asks_by_another_name_than_this_machine_has(world):
    letter = await world.get(Office).receive("Ada")
    for path in PATHS:
        place = f"{HOME}/{path.format(letter)}"
        for host in HERE:
            assert (await world.http().get(place, headers={"host": host})).status == 200, host
        for host in ELSEWHERE:
            answer = await world.http().get(place, headers={"host": host})
            assert (answer.status, "Ada" in answer.text) == (403, False), host
            assert "localhost, 127.0.0.1 or [::1]" in answer.text


def test_only_a_host_that_mails_and_sends_nothing_has_one():
    sent = MailConfig(url=Secret("smtp://mail.example"), sender="a@example.org")
    assert inbox_beside((Office,), MailConfig()) == (Inbox,)
    assert inbox_beside((Office,), sent) == inbox_beside((Office,), None) == ()
    assert inbox_beside((Inbox,), MailConfig()) == ()

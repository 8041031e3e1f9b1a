"""What the careers site says becomes of an application is what becomes of it."""

from domains.hiring.tests.test_cv import PDF, stored
from hanse import PUBLIC, People, Service, rpc

DAY = 86_400
ADA = "ada@example.com"


class Desk(Service, package="desk.v1"):
    """Answers those who ask to be forgotten."""

    def __init__(self, people: People) -> None:
        self._people = people

    @rpc(allow=PUBLIC)
    async def forget(self, person: str) -> int:
        """How many files went with them."""
        return (await self._people.erase(person)).files

    @rpc(allow=PUBLIC)
    async def export(self, person: str) -> str:
        """All that is known of them."""
        return b"".join([piece async for piece in self._people.export(person)]).decode()


async def test_it_goes_by_itself_after_half_a_year(careers):
    await careers.visitor().apply()

    careers.world.clock.advance(179 * DAY)
    await careers.world.catch_up()
    assert len(await stored(careers)) == 1

    careers.world.clock.advance(2 * DAY)
    await careers.world.catch_up()
    assert await stored(careers) == ()


async def test_it_goes_at_once_for_who_asks_with_the_cv_and_nobody_elses(open_careers):
    async with open_careers(Desk) as careers:
        desk = careers.world.get(Desk)
        await careers.visitor().apply_with(PDF)
        await careers.visitor().apply(email="eve@example.com")
        assert "cv.pdf" in await desk.export(ADA)

        assert await desk.forget(ADA) == 1

        assert [one.email for one in await stored(careers)] == ["eve@example.com"]


async def test_the_database_has_nothing_of_it_in_clear(careers):
    await careers.visitor().apply(message="I wrote the compiler.", phone="+49 451 1")

    row = await careers.world.database.fetch_row("select doc::text as doc from hiring.applications")

    assert "be-101" in row["doc"]
    for word in (ADA, "compiler", "451"):
        assert word not in row["doc"]


async def test_one_address_still_applies_once_for_a_job(careers):
    await careers.visitor().apply()
    again = await careers.visitor().apply(email=ADA.upper())

    assert again.status == 409
    assert len(await stored(careers)) == 1

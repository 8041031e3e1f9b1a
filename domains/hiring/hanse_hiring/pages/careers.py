"""The careers site: its addresses, and what answers each of them."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Awaitable
from typing import Annotated

from hanse import (
    PUBLIC,
    Document,
    HanseError,
    Html,
    Length,
    NotFound,
    Redirect,
    RefusedFiles,
    Service,
    form,
    page,
)
from hanse_hiring.api import CV, Chosen, Employer, FileGone, Hiring, Stories, Story
from hanse_hiring.pages.failures import failure_of
from hanse_hiring.pages.sent import Sent, read_kept
from hanse_hiring.pages.static_files import StaticFiles
from hanse_hiring.pages.views import Views
from hanse_hiring.rules import applying, feeds, slugs

ASKED_EACH_TIME = "no-cache"
"""A browser keeps a page and asks each time whether it is still so; a change is seen at once."""

FEED_SECONDS = 300
UNPROCESSABLE = 422
ALL_TAKEN = RefusedFiles()

Name = Annotated[str, Length(1, 64)]
Typed = Annotated[str, Length(0, 20_000)]
"""A field of the form; the site says itself what is wrong with it."""


class Careers(Service, package="careers.v1"):
    """Jobs for people to find and apply for. Why: a list of openings is the start of a talk."""

    def __init__(self, hiring: Hiring, stories: Stories) -> None:
        self._hiring = hiring
        self._stories = stories
        self._files = files = StaticFiles()
        self._views = Views(files)

    @page("/careers", allow=PUBLIC)
    async def short(self) -> Redirect:
        """What people type."""
        return Redirect(slugs.HOME)

    @page("/careers/", allow=PUBLIC)
    async def home(
        self, team: Chosen = (), location: Chosen = (), tag: Chosen = ()
    ) -> Html | Redirect:
        """The front, and the list of openings."""
        return await self._answer(self._home(team, location, tag))

    @page("/careers/jobs/{external_id}", allow=PUBLIC)
    async def job_by_id(self, external_id: Name) -> Html | Redirect:
        """A job by its id alone."""
        return await self._answer(self._job(external_id, ""))

    @page("/careers/jobs/{external_id}/{words}", allow=PUBLIC)
    async def job(self, external_id: Name, words: str) -> Html | Redirect:
        """A job."""
        return await self._answer(self._job(external_id, words))

    @page("/careers/apply/{external_id}", allow=PUBLIC)
    async def application(self, external_id: Name) -> Html | Redirect:
        """The form to apply with."""
        return await self._answer(self._application(external_id))

    @form("/careers/apply/{external_id}", allow=PUBLIC)
    async def apply(  # noqa: PLR0913, PLR0917  a form has as many fields as people fill in
        self,
        external_id: Name,
        consent: bool,  # noqa: FBT001  a box of the form
        name: Typed = "",
        email: Typed = "",
        phone: Typed = "",
        links: Typed = "",
        message: Typed = "",
        website: Typed = "",
        cv: CV | None = None,
        kept: Typed = "",
        refused: RefusedFiles = ALL_TAKEN,
    ) -> Html | Redirect:
        """Applies, or says what to correct."""
        typed = {"name": name, "email": email, "phone": phone, "links": links, "message": message}
        if website:  # nobody sees the field; whoever fills it in is told what it wants to hear
            return Redirect(_applied(external_id))
        cleaned = applying.clean(typed)
        wrong = applying.mistakes(cleaned, consent=consent, cv=refused.codes.get(applying.CV, ""))
        sent = Sent(external_id, cleaned, cv or read_kept(kept), consent, wrong)
        return await self._answer(self._apply(sent))

    @page("/careers/applied/{external_id}", allow=PUBLIC)
    async def applied(self, external_id: Name) -> Html | Redirect:
        """Thanks."""
        return await self._answer(self._thanks(external_id))

    @page("/careers/posts/{external_id}", allow=PUBLIC)
    async def post(self, external_id: Name) -> Html | Redirect:
        """Something that somebody wrote."""
        return await self._answer(self._post(external_id))

    @page("/careers/sitemap.xml", allow=PUBLIC)
    async def site_map(self) -> Document:
        """The addresses of the site, for search engines."""
        story, board = await gather(self._addressed(), self._hiring.find_openings())
        text = feeds.site_map(story.employer, board.openings, story.posts)
        return Document(text, "application/xml", cache=f"public, max-age={FEED_SECONDS}")

    @page("/careers/feed.xml", allow=PUBLIC)
    async def feed(self) -> Document:
        """The openings, for feed readers."""
        story, board = await gather(self._addressed(), self._hiring.find_openings())
        text = feeds.feed(story.employer, board.openings)
        return Document(text, "application/rss+xml", cache=f"public, max-age={FEED_SECONDS}")

    @page("/careers/static/{name}", allow=PUBLIC)
    async def static(self, name: str, v: str = "") -> Document:
        """Style sheet, script and icon."""
        return self._files.document(name, v)

    async def _home(
        self, team: tuple[str, ...], location: tuple[str, ...], tag: tuple[str, ...]
    ) -> Html:
        story, board = await gather(
            self._stories.get_story(), self._hiring.find_openings(team, location, tag)
        )
        return Html(self._views.home(story, board), cache=ASKED_EACH_TIME)

    async def _job(self, external_id: str, words: str) -> Html | Redirect:
        employer, vacancy = await gather(self._employer(), self._hiring.get_opening(external_id))
        path = slugs.job_path(external_id, vacancy.opening.title)
        if not path.endswith(f"/{words}"):
            return Redirect(path)
        return Html(self._views.job(employer, vacancy), cache=ASKED_EACH_TIME)

    async def _application(self, external_id: str) -> Html:
        employer, vacancy = await gather(self._employer(), self._hiring.get_opening(external_id))
        return Html(self._views.application(employer, vacancy, {}, {}))

    async def _apply(self, sent: Sent) -> Html | Redirect:
        if sent.mistakes:
            return await self._again(sent)
        try:
            await self._hiring.apply(sent.job, sent.candidate())
        except FileGone as gone:
            wrong = {applying.CV: applying.CV_MISTAKES[gone.code]}
            return await self._again(sent._replace(cv=None, mistakes=wrong))
        return Redirect(_applied(sent.job))

    async def _again(self, sent: Sent) -> Html:
        """The form with all that came, for what is wrong to be corrected."""
        employer, vacancy = await gather(self._employer(), self._hiring.get_opening(sent.job))
        typed = sent.typed | ({applying.CONSENT: "on"} if sent.agreed else {})
        again = self._views.application(employer, vacancy, typed, sent.mistakes, cv=sent.cv)
        return Html(again, UNPROCESSABLE)

    async def _thanks(self, external_id: str) -> Html:
        employer, vacancy = await gather(self._employer(), self._hiring.get_opening(external_id))
        return Html(self._views.applied(employer, vacancy))

    async def _post(self, external_id: str) -> Html:
        employer, post = await gather(self._employer(), self._stories.get_post(external_id))
        return Html(self._views.post(employer, post), cache=ASKED_EACH_TIME)

    async def _employer(self) -> Employer:
        return (await self._stories.get_story()).employer

    async def _addressed(self) -> Story:
        story = await self._stories.get_story()
        if not story.employer.address:
            raise NotFound(
                "This site does not say where it is reached; set the employer's address."
            )
        return story

    async def _answer(self, making: Awaitable[Html | Redirect]) -> Html | Redirect:
        """The page, or one that says why there is none."""
        try:
            return await making
        except HanseError as error:
            failure = failure_of(error)
            try:
                employer = await self._employer()
            except HanseError:  # it is what the page is about
                employer = Employer(external_id="employer", name="Careers")
            return Html(self._views.failure(employer, failure), failure.status)


def _applied(external_id: str) -> str:
    return f"/careers/applied/{external_id}"

"""The words of hiring as types: what a name, a status, a tag and a text may be."""

from __future__ import annotations

from typing import Annotated, Literal

from hanse import Accepts, File, Length, Pattern

REMOTE = "Remote"
"""The location of a job that is done from anywhere in some countries."""

CHOICES_MAX = 20
"""Values of one facet that somebody may choose at once."""

ExternalId = Annotated[str, Length(1, 64), Pattern("^[A-Za-z0-9][A-Za-z0-9_-]*$")]
"""What the applicant tracking system, or whoever wrote it, calls a thing; unique on a site."""

JobStatus = Literal["draft", "open", "closed"]

Tag = Literal["Full time", "Temp", "Student", "Intern", "Program", "Entry-level", "People manager"]
"""What kind of employment it is; a job has any number of them."""

FacetName = Literal["team", "location", "tag"]
Label = Annotated[str, Length(1, 60)]
Line = Annotated[str, Length(1, 200)]
Text = Annotated[str, Length(0, 20_000)]
"""Markdown, as `rules/markup.py` takes it: no HTML, no pictures."""

Country = Annotated[str, Length(2, 60)]
"""Its name, as people read it: `Lithuania`."""

Chosen = Annotated[tuple[Annotated[str, Length(0, 60)], ...], Length(0, CHOICES_MAX)]

FullName = Annotated[str, Length(1, 120)]
Email = Annotated[str, Length(3, 254)]
Phone = Annotated[str, Length(0, 40)]
Links = Annotated[tuple[Line, ...], Length(0, 5)]
Message = Annotated[str, Length(0, 4_000)]
"""What people say of themselves when they apply."""

CV_BYTES = 10 * 1024 * 1024

CV = Annotated[
    File,
    Accepts(
        "application/pdf",
        "application/msword",
        "application/x-ole-storage",  # what older Word writes, where its beginning says no more
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.oasis.opendocument.text",
        "text/plain",
        max_bytes=CV_BYTES,
    ),
]
"""What people send of their life so far: PDF, Word, OpenDocument or text."""

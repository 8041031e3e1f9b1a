"""A job as search engines read it: schema.org's JobPosting, as JSON-LD that fits into a page."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from hanse_hiring.api import REMOTE, Employer, Office, Tag, Vacancy
from hanse_hiring.rules.markup import html

EMPLOYMENT: dict[Tag, str | None] = {
    "Full time": "FULL_TIME",
    "Temp": "TEMPORARY",
    "Student": "INTERN",
    "Intern": "INTERN",
    "Program": "INTERN",
    "Entry-level": None,
    "People manager": None,
}
"""schema.org knows kinds of contracts, and not how experienced somebody is."""


def posting(vacancy: Vacancy, employer: Employer, path: str) -> dict[str, Any]:
    """The JobPosting of an open job; everything in it stands on the page too."""
    opening = vacancy.opening
    said: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": opening.title,
        "description": str(html(vacancy.description or opening.summary)),
        "datePosted": opening.published.date().isoformat(),
        "identifier": {
            "@type": "PropertyValue",
            "name": employer.name,
            "value": opening.external_id,
        },
        "hiringOrganization": _organisation(employer),
        "directApply": True,
    }
    if employer.address:
        said["url"] = employer.address + path
    if vacancy.apply_by:
        said["validThrough"] = f"{vacancy.apply_by.isoformat()}T23:59:59Z"
    if kinds := employment(opening.tags):
        said["employmentType"] = kinds
    if places := [_place(name, employer) for name in opening.locations if name != REMOTE]:
        said["jobLocation"] = places
    if REMOTE in opening.locations:
        said["jobLocationType"] = "TELECOMMUTE"
        said["applicantLocationRequirements"] = [
            {"@type": "Country", "name": country} for country in countries(vacancy, employer)
        ]
    return said


def employment(tags: tuple[Tag, ...]) -> list[str]:
    """What schema.org calls the tags it knows, each once."""
    return list(dict.fromkeys(kind for tag in tags if (kind := EMPLOYMENT[tag])))


def countries(vacancy: Vacancy, employer: Employer) -> tuple[str, ...]:
    """Where somebody who works remotely may live: as the job says, else where there are offices."""
    offices = dict.fromkeys(office.country for office in employer.offices)
    return vacancy.remote_countries or tuple(offices)


def script(said: dict[str, Any]) -> Markup:
    """JSON that no text in it can end or turn into another element."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    for sign, escaped in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, escaped)
    return Markup(text)  # noqa: S704  without <, > and & it is text to every reader of HTML


def _organisation(employer: Employer) -> dict[str, Any]:
    near = employer.address if employer.home.startswith("/") else ""
    home = f"{near}{employer.home}"
    same = {"sameAs": home} if home.startswith("http") else {}
    return {"@type": "Organization", "name": employer.name, **same}


def _place(name: str, employer: Employer) -> dict[str, Any]:
    office = next((one for one in employer.offices if one.name == name), None)
    address = {"@type": "PostalAddress", "addressLocality": name, **_lines(office)}
    return {"@type": "Place", "address": address}


def _lines(office: Office | None) -> dict[str, str]:
    if office is None:
        return {}
    lines = {
        "addressCountry": office.country,
        "streetAddress": office.street,
        "postalCode": office.postal_code,
    }
    return {name: value for name, value in lines.items() if value}

"""A CV with an application: taken by what is in it, kept while the rest is corrected, had by recruiters alone."""

import io
import re
import zipfile
from html import unescape

import pytest
from hanse_hiring.api import CV_BYTES
from hanse_hiring.service import Applications

from domains.hiring.tests.careers_world import STAFF, said
from hanse import Principal

PDF = b"%PDF-1.7\n" + b"my life so far\n" * 100
DAY = 86_400


def archive(*names):
    """A document as word processors write them: an archive with these parts, in this order."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name in names:
            text = "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x" * 500
            file.writestr(name, text)
    return held.getvalue()


TAKEN = {
    "PDF": PDF,
    "text": "Ich heiße Ada.\n".encode(),
    "Word": archive("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "Word by LibreOffice": archive(
        "_rels/.rels", "docProps/app.xml", "docProps/core.xml", "word/document.xml"
    ),
    "Word by Google": archive("word/numbering.xml", "word/document.xml", "[Content_Types].xml"),
    "OpenDocument": archive("mimetype", "content.xml"),
    "Word 97": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"\xec\xa5\xc1\x00" + bytes(600),
    "Word 97, split": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000),
}
REFUSED = {
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(60),
    "archive": archive("cv.pdf"),
    "sheet": archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"),
    "program": b"\x7fELF\x02\x01\x01" + bytes(60),
}


async def stored(careers):
    return (await careers.world.get(Applications, as_=STAFF).list()).items


def kept(page):
    return unescape(re.search(r'name="kept" value="([^"]+)"', page.text)[1])


@pytest.mark.parametrize("kind", TAKEN)
async def test_what_people_write_a_cv_with_is_taken(careers, kind):
    sent = await careers.visitor().apply_with(TAKEN[kind])
    [one] = await stored(careers)

    assert sent.status == 303
    assert (one.cv.name, one.cv.size) == ("cv.pdf", len(TAKEN[kind]))


@pytest.mark.parametrize("kind", REFUSED)
async def test_another_kind_is_said_at_its_field_and_what_was_typed_stays(careers, kind):
    page = await careers.visitor().apply_with(REFUSED[kind], message="I built a loom.")

    assert page.status == 422
    assert 'id="cv-wrong">This is no PDF, Word, OpenDocument or text file.' in page.text
    assert "I built a loom.</textarea>" in page.text
    assert 'value="Ada Lovelace"' in page.text
    assert " checked" in page.text
    assert await stored(careers) == ()


async def test_a_file_that_is_too_large_is_said_at_its_field_and_what_was_typed_stays(careers):
    page = await careers.visitor().apply_with(PDF + bytes(CV_BYTES), message="I built a loom.")

    assert page.status == 422
    assert 'id="cv-wrong">This file has more than 10 MB.' in page.text
    assert "I built a loom.</textarea>" in page.text


async def test_the_form_says_what_it_takes_before_anything_is_chosen(careers):
    page = await careers.visitor().get("/careers/apply/be-101")

    assert "PDF, Word, OpenDocument or text, 10 MB at most." in said(page.text)
    assert 'accept=".pdf,.doc,.docx,.odt,.txt"' in page.text
    assert f'data-max-bytes="{CV_BYTES}"' in page.text


async def test_a_cv_need_not_be_chosen_again_when_something_else_is_corrected(careers):
    visitor = careers.visitor()
    page = await visitor.apply_with(PDF, email="nowhere", called="Ada <L>.pdf")
    sent = await visitor.apply_with(b"", called="", kept=kept(page))
    [one] = await stored(careers)

    assert "Kept from before: Ada <L>.pdf, 1 kB." in said(page.text).replace(" ,", ",")
    assert sent.status == 303
    assert (one.cv.name, one.cv.size) == ("Ada <L>.pdf", len(PDF))


async def test_one_chosen_later_takes_the_place_of_the_one_before(careers):
    visitor = careers.visitor()
    page = await visitor.apply_with(PDF, consent="")
    await visitor.apply_with(b"a newer life", called="new.txt", kept=kept(page))
    [one] = await stored(careers)

    assert one.cv.name == "new.txt"


async def test_a_cv_that_is_gone_since_is_asked_for_again(careers):
    visitor = careers.visitor()
    page = await visitor.apply_with(PDF, consent="")
    for _ in range(2):
        careers.world.clock.advance(DAY + 1)
        await careers.world.host.kept_files.sweep.once()
    again = await visitor.apply_with(b"", called="", kept=kept(page))

    assert again.status == 422
    assert "it is gone since. Please choose it again." in again.text
    assert 'name="kept"' not in again.text
    assert await stored(careers) == ()


@pytest.mark.parametrize(
    "forged",
    [
        "{}",
        "x",
        '{"id":"file_01kdwcj2m0eayakw5kaj9tk6vb","name":"a","size":1,"media_type":"application/pdf","sha256":"'
        + "0" * 64
        + '"}',
    ],
)
async def test_a_forged_cv_is_not_believed(careers, forged):
    await careers.visitor().apply_with(b"", called="", kept=forged)

    assert [one.cv for one in await stored(careers)] in ([], [None])


async def test_a_recruiter_fetches_a_cv_and_nobody_else(careers):
    await careers.visitor().apply_with(PDF)
    [one] = await stored(careers)
    asked = f"/hiring/v1/applications/{one.id}:url?field=cv"
    address = await careers.world.http(STAFF).get(asked)
    curious = Principal("staff", "eve", frozenset({"hiring.jobs.read"}))

    got = await careers.world.http().get(address.json)
    assert (got.body, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"].startswith("attachment")
    assert (await careers.world.http(curious).get(asked)).status == 403
    assert (await careers.world.http().get(asked)).status == 401

"""Files of a folder: what is in it, and by no way of writing anything else."""

from __future__ import annotations

import os

import pytest

from hanse.runtime.server.tests.wire import get

SECRET = "outside-secret"


@pytest.fixture
async def files(serve, connect_to, tmp_path, gates):
    from hanse import Host, HostConfig
    from hanse.runtime.server.tests.desk import Desk, Gates

    folder = tmp_path / "public"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "index.html").write_text("<p>index</p>")
    (folder / "style.css").write_text("p { color: red }" * 200)
    (folder / "deep" / "deeper" / "a b.txt").write_text("deep")
    (folder / "large.bin").write_bytes(os.urandom(3 * 1024 * 1024))
    (folder / ".env").write_text(SECRET)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(SECRET)
    (folder / "notes.txt~").write_text("backup")
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "public-not").mkdir()
    (tmp_path / "public-not" / "secret.txt").write_text(SECRET)
    (folder / "out").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "in.css").symlink_to("style.css")
    os.mkfifo(folder / "pipe")
    host = Host([Desk], HostConfig(), provided={Gates: gates})
    host.files("/assets", folder, max_age=60)
    async with host:
        yield host


@pytest.fixture
async def asking(files, connect_to):
    return await connect_to(files)


async def test_files_are_served_with_their_type(asking, files):
    answer = await asking.ask(get("/assets/style.css"))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert answer.headers["cache-control"] == "max-age=60"
    assert (await asking.ask(get("/assets/deep/deeper/a%20b.txt"))).body == b"deep"
    assert (await asking.ask(get("/assets/in.css"))).body == answer.body
    assert (await asking.ask(get("/assets/"))).body == b"<p>index</p>"
    assert (await asking.ask(get("/assets"))).body == b"<p>index</p>"
    large = await asking.ask(get("/assets/large.bin"))
    assert len(large.body) == 3 * 1024 * 1024


async def test_a_file_that_has_not_changed_is_not_sent_again(asking):
    for name in ("style.css", "large.bin"):
        tag = (await asking.ask(get(f"/assets/{name}"))).headers["etag"]
        answer = await asking.ask(get(f"/assets/{name}", f"If-None-Match: {tag}"))
        assert (answer.status, answer.body) == (304, b"")
        assert (await asking.ask(get(f"/assets/{name}", verb="HEAD"))).status == 200


async def test_the_tag_of_a_file_is_of_what_is_in_it(asking, tmp_path):
    """A copy on another host, or one that was written again, is the same file."""
    style, copy = tmp_path / "public" / "style.css", tmp_path / "public" / "copy.css"
    tag = (await asking.ask(get("/assets/style.css"))).headers["etag"]
    copy.write_bytes(style.read_bytes())
    os.utime(copy, (0, 0))
    assert (await asking.ask(get("/assets/copy.css"))).headers["etag"] == tag
    written = style.stat()
    style.write_text(style.read_text().replace("red", "tan"))
    os.utime(style, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert (await asking.ask(get("/assets/style.css", f"If-None-Match: {tag}"))).status == 200


async def test_a_person_reads_that_there_is_no_such_file(asking):
    answer = await asking.ask(get("/assets/nothing", "Accept: text/html"))
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"There is no such file." in answer.body
    assert (await asking.ask(get("/assets/nothing"))).code == "not_found"


OUTSIDE = [
    "../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt", ".%2e/secret.txt",
    "%252e%252e/secret.txt", "deep/../../secret.txt", "deep/%2e%2e/%2e%2e/secret.txt",
    "..%5csecret.txt", "..\\secret.txt", "....//secret.txt", "..;/secret.txt", "/../secret.txt",
    "//etc/passwd", "%2fetc%2fpasswd", "/etc/passwd", "..%c0%afsecret.txt", "%c0%ae%c0%ae/secret.txt",
    "..%00/secret.txt", "style.css%00.txt", "style.css%00", "out", "up/secret.txt", "up", "loop", "passwd",
    ".env", "%2eenv", ".git/config", "%2egit/config", "deep/.", "deep/..", "deep", "deep/", "pipe",
    "../public-not/secret.txt", "%2e%2e/public-not/secret.txt", "-not/secret.txt", "nothing",
    "style.css/", "style.css/x", "a" * 300, "/".join("a" * 2000), "%zz", "%", "file:///etc/passwd",
    "con", "style.css::$DATA", "~root", "${HOME}", "proc/self/environ", "../../../../../etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("written", OUTSIDE)
async def test_nothing_else_can_be_named(asking, written):
    answer = await asking.ask(get(f"/assets/{written}"))
    assert answer.status in {404, 400}
    assert SECRET.encode() not in answer.body
    assert b"root:" not in answer.body
    assert b"/tmp" not in answer.body


@pytest.mark.parametrize("path", ["/assets-not/secret.txt", "/assetsx", "/%61ssets/style.css", "/"])
async def test_only_what_is_below_the_prefix_is_there(asking, path):
    assert (await asking.ask(get(path))).status == 404


async def test_files_are_only_read(asking):
    for verb in ("POST", "PUT", "DELETE", "PATCH", "MOVE"):
        answer = await asking.ask(get("/assets/style.css", verb=verb))
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")

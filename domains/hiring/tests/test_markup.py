"""Text of people as HTML: none of it is theirs."""

from html.parser import HTMLParser

import pytest
from hanse_hiring.rules.markup import SCHEMES, TAGS, html, plain
from hypothesis import given
from hypothesis import strategies as st

ATTRIBUTES = {"a": {"href", "rel"}, "code": {"class"}}


class Reader(HTMLParser):
    """What a browser finds in it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.depth, self.words = [], [], 0, ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.words += data


PIECES = st.sampled_from(
    ["<script>", "</p>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", '[a](https://x.example "<b>")', "![x](https://x.example/y.png)",
     "# ", "* ", "1. ", "> ", "`", "```html\n", "&lt;script&gt;", "&#106;avascript:", "**", "_", "\n", "\n\n", "<!--", "-->", "<a href='data:x'>",
     "[x]: java\tscript:alert(1)\n[x]", "<https://x.example>", "<javascript:alert(1)>", "[a](//evil.example)", "|a|b|\n|-|-|\n", "\"'"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=8), max_size=14).map("".join))
def test_nothing_comes_out_but_what_was_agreed(text):
    found = Reader(html(text))

    assert set(found.tags) <= TAGS
    for tag, name, value in found.attributes:
        assert name in ATTRIBUTES.get(tag, ()), (tag, name)
        assert name != "href" or value.split(":")[0].lower() in SCHEMES, value


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("One *two*\n\n- three\n- **four**", "<p>One <em>two</em></p>\n<ul>\n<li>three</li>\n<li><strong>four</strong></li>\n</ul>\n"),
        ("# Top\n\n## Below\n\n###### Deep", "<h2>Top</h2>\n<h3>Below</h3>\n<h4>Deep</h4>\n"),
        ("## Only", "<h2>Only</h2>\n"),
        ("[us](https://x.example/a?b=1&c=2)", '<p><a href="https://x.example/a?b=1&amp;c=2" rel="nofollow noopener">us</a></p>\n'),
        ("[us](javascript:alert(1))", "<p>[us](javascript:alert(1))</p>\n"),
        ("a < b & <i>c</i>", "<p>a &lt; b &amp; &lt;i&gt;c&lt;/i&gt;</p>\n"),
        ("![a picture](https://x.example/p.png)", '<p>!<a href="https://x.example/p.png" rel="nofollow noopener">a picture</a></p>\n'),
        ("", ""),
    ],
    ids=repr,
)  # fmt: skip
def test_a_text_is_read_as_people_mean_it(text, made):
    assert html(text) == made


def test_deep_nesting_ends():
    assert html("> " * 5_000 + "x").count("<blockquote>") <= 8


def test_a_plain_text_has_no_marks():
    assert (
        plain("# Work\n\nOn **one** [thing](https://x.example)\nonly.\n\n- a\n- `b`")
        == "Work\nOn one thing only.\na\nb"
    )

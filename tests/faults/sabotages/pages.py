"""What is promised of pages, forms and cookies, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

FORMS = "tests/test_forms.py::"
COOKIES = "tests/test_cookies.py::"
OTHER_SITE = FORMS + "test_a_form_of_another_site_is_refused"
WRONG_FIELD = FORMS + "test_a_wrong_field_is_named_with_its_rule"

PAGES = below("src/hanse/runtime",
    Sabotage("a form of another site is refused", "server/pages/same_origin.py",
             'own = site.strip(b" \\t") in OWN', "own = True", OTHER_SITE),
    Sabotage("an error's page quotes nothing as HTML", "server/pages/failure_page.py",
             'f"<p>{escape(error.detail)}</p>"', 'f"<p>{error.detail}</p>"',
             "tests/test_pages.py::test_an_error_is_a_page_that_shows_nothing_of_ours"),
    Sabotage("a redirect stays on the site", "contract/pages/redirect.py",
             'r"/(?![/\\\\])[!-~]*"', 'r"/[!-~]*"',
             FORMS + "test_a_redirect_that_would_leave_the_site_is_refused_when_it_is_made"),
    Sabotage("a page that sets cookies is one person's", "contract/pages/html.py",
             'if "no-store" not in cache and "private" not in cache:', "if False:",
             COOKIES + "test_a_page_that_sets_cookies_is_not_given_to_others"),
    Sabotage("so is one of another origin", "server/pages/same_origin.py",
             'own = origin is None or _names(origin.strip(b" \\t"), headers.get(b"host", b""))',
             "own = True", OTHER_SITE),
    Sabotage("a neighbour's site is another site", "server/pages/same_origin.py",
             'OWN = frozenset({b"same-origin", b"none"})',
             'OWN = frozenset({b"same-origin", b"none", b"same-site"})', OTHER_SITE),
    Sabotage("a form is a form", "server/pages/form_fields.py",
             "    _check_kind(request)\n", "",
             FORMS + "test_only_forms_are_taken_and_the_refusal_says_how_they_are_sent"),
    Sabotage("fields are counted", "server/pages/form_fields.py",
             'if body.count(b"&") >= FIELDS_MAX:', "if False:", WRONG_FIELD),
    Sabotage("a field has no zero byte", "server/pages/form_fields.py",
             'if b"%00" in body or b"\\0" in body:', "if False:", WRONG_FIELD),
    Sabotage("a cookie is no field", "server/pages/page_arguments.py",
             "fields = TextFields(kind, _in_path(method) | cookies.names)",
             "fields = TextFields(kind, _in_path(method))",
             COOKIES + "test_a_cookie_is_no_argument_of_the_query_nor_of_a_form"),
    Sabotage("a cookie has one value", "server/pages/cookies_in.py",
             "raw.setdefault(name, value) != value",
             "raw.setdefault(name, value) != value and False",
             COOKIES + "test_arguments_come_from_cookies_by_name"),
    Sabotage("cookies are bounded", "server/pages/cookies_in.py",
             "if len(header) > COOKIES_BYTES_MAX:", "if False:",
             COOKIES + "test_cookies_have_a_limit_that_is_said"),
    Sabotage("a cookie's value ends no header", "contract/pages/cookie.py",
             "if not VALUE.fullmatch(self.value):", "if False:",
             COOKIES + "test_what_would_break_the_header_is_refused_when_it_is_made"),
    Sabotage("files are shown of a folder that is not the project's", "project/files_table.py",
             "elif project.resolve().is_relative_to(folder):", "elif False:",
             "project/tests/test_files_table.py::test_a_wrong_line_is_named_with_the_way_out"),
)  # fmt: skip

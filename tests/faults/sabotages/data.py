"""What is promised of stored data, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

WRONG = "tests/test_wrong_queries.py::"
SERVED = "tests/test_served.py::"
CURSOR = "tests/test_cursor.py::"
EXPLAINED = "tests/test_explained.py::"
OPERATORS = "tests/test_meaning.py::test_every_operator_means_the_same_in_the_database"
PAGES = "tests/test_meaning.py::test_pages_of_every_order_are_the_whole_in_turn"
WRONG_FILTER = WRONG + "test_a_wrong_filter_is_told_where_and_what_is_allowed"
REFUSED = SERVED + "test_what_none_serves_is_refused_with_the_index_that_would"
NO_CURSOR = CURSOR + "test_what_is_no_cursor_is_refused_and_never_asked"

DATA = below("src/hanse/runtime/data/query",
    Sabotage("a filter that no index serves is refused", "served.py",
             "lacking = self._lacking(node)\n", "lacking = None\n", REFUSED),
    Sabotage("the cursor of another query is refused", "cursor.py",
             "if cursor.digest != digest:", "if False:",
             CURSOR + "test_the_cursor_of_another_query_is_refused"),
    Sabotage("a query is bounded", "filter_reader.py",
             "if self._left == -1:", "if False:", WRONG_FILTER),
    Sabotage("a query sees one site", "statement.py",
             'SITE = "site_id = $1"', 'SITE = "$1::text is not null"', PAGES),
    Sabotage("so is an order that none has", "served.py",
             "raise self._unsorted(bound, sort)", "return ()", REFUSED),
    Sabotage("every branch of an $or is narrowed", "served.py",
             'if operator == "$or":', 'if operator == "or":', REFUSED),
    Sabotage("a unique index has no order of what is absent", "served.py",
             "any(self._fields[name].nullable for name, _ in key.parts)", "False",
             SERVED + "test_a_unique_index_has_an_order_only_where_no_value_is_absent"),
    Sabotage("statements are kept for a bounded number of shapes", "planner.py",
             "if len(self._kept) >= self._most:", "if False:",
             SERVED + "test_shapes_are_forgotten_before_they_become_too_many"),
    Sabotage("a page begins behind the last one", "keyset.py",
             'compared = "<" if first.descending else ">"',
             'compared = "<=" if first.descending else ">="', PAGES),
    Sabotage("what is absent has pages where it comes last", "keyset.py",
             'yield " and ".join([*same, f"{field.sql} is null"])', "pass", PAGES),
    Sabotage("what follows the absent has pages", "keyset.py",
             'yield f"{first.field.sql} is not null"', "return", PAGES),
    Sabotage("what is absent comes first", "fields.py",
             '{sql} asc nulls first"', '{sql} asc nulls last"', PAGES),
    Sabotage("what is absent is unequal", "operators.py",
             "is distinct from", "<>", OPERATORS),
    Sabotage("a negation takes what is absent", "operators.py",
             'f"({parts[0]}) is not true"', 'f"not ({parts[0]})"', OPERATORS),
    Sabotage("a beginning is no pattern", "operators.py",
             "({e} >= ${0}::{t} and {e} < ${1}::{t})",
             "({e} like ${0}::{t} || '%' and ${1}::{t} <> '')", OPERATORS),
    Sabotage("a beginning ends before no surrogate", "filter_reader.py",
             "chr(0xE000 if following == 0xD800 else following)", "chr(following)", OPERATORS),
    Sabotage("instants are compared with all their digits", "values.py",
             'instant.isoformat(timespec="microseconds")[:26]', "instant.isoformat()[:-6]",
             OPERATORS),
    Sabotage("an instant says its time zone", "values.py",
             "if instant.tzinfo is None:", "if False:", WRONG_FILTER),
    Sabotage("an integer fits the database", "values.py",
             "if value not in INTEGERS:", "if False:", WRONG_FILTER),
    Sabotage("a text has no zero character", "values.py",
             'if "\\0" in text:', "if False:", WRONG_FILTER),
    Sabotage("nor has a cursor's", "cursor.py", "return storable(value)", "return value", NO_CURSOR),
    Sabotage("a cursor fits its order", "cursor.py",
             "zip(sort, cursor.values, strict=True)", "zip(sort, cursor.values, strict=False)",
             NO_CURSOR),
    Sabotage("a flood of mistakes gets a short answer", "refusal.py",
             "if len(self.found) < VIOLATIONS_MAX:", "if True:",
             WRONG + "test_a_flood_of_mistakes_is_not_answered_by_a_flood"),
    Sabotage("a count reads no table", "statement.py", "order by id limit", "limit",
             EXPLAINED + "test_nor_does_a_count"),
    Sabotage("what is absent leaves the order of the rest to its index", "served.py",
             "if bound[name] == ABSENT", "if bound[name] is None",
             EXPLAINED + "test_a_page_in_the_order_of_its_index_reads_little_more_than_itself"),
    Sabotage("values are no part of a statement", "filter_reader.py",
             "values.append(_each(operand, field, bound))",
             "values.append(_each(operand, field, bound))\n    operator += str(len(operand))",
             SERVED + "test_one_shape_is_one_statement_whatever_its_values"),
)  # fmt: skip

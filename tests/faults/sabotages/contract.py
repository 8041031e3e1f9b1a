"""What is promised of declarations and of repeating, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

SERVER = "server/tests/"
DECLARED = "contract/tests/test_declaration.py::test_a_mistake_is_reported_with_place_and_remedy"

CONTRACT = below("src/hanse/runtime",
    Sabotage("somebody is let in by name, nobody by forgetting", "contract/checks.py",
             "if declaration.allow is None:", "if False:", DECLARED),
    Sabotage("limits are limits", "contract/checks.py",
             "if declaration.timeout <= 0 or declaration.max_body <= 0 or declaration.concurrency <= 0:",
             "if False:", f"{DECLARED}[no calls]"),
    Sabotage("a code is one error's", "contract/checks.py",
             "elif error.code in codes:", "elif False:", f"{DECLARED}[same code]"),
    Sabotage("a code is one error's in all methods", "contract/checks.py",
             "if (other := taken.setdefault(error.code, error)) is not error:",
             "if (other := taken.setdefault(error.code, error)) is None:",
             "contract/tests/test_declaration.py::"
             "test_methods_may_not_mean_different_errors_by_one_code"),
    Sabotage("a name is one type's", "contract/checks.py",
             "(other := taken.setdefault(name, struct)) != struct:",
             "(other := taken.setdefault(name, struct)) is None:", f"{DECLARED}[same name]"),
    Sabotage("an error says which field of it is wrong", "errors.py",
             "except msgspec.ValidationError as error:", "except msgspec.EncodeError as error:",
             "tests/test_errors.py::test_in_a_service_the_log_names_the_error"),
    Sabotage("a set's items are hashable", "contract/immutable.py",
             "if origin is frozenset and any(", "if False and any(", f"{DECLARED}[set of maps]"),
    Sabotage("an implementation keeps to its contract", "contract/checks.py",
             "if signature and shape_of(signature) != shape_of(method.signature):", "if False:",
             "contract/tests/test_declaration.py::"
             "test_an_implementation_with_another_signature_is_refused"),
    Sabotage("an answer is checked", "contract/method.py",
             "            body = _encode(answer)\n            self.read_answer(body)",
             "            body = _encode(answer)",
             SERVER + "test_disclosure.py::test_a_fault_of_ours_shows_nothing_of_it[wrong answer]"),
    Sabotage("what is not safe is not repeated", "remote/peer.py",
             "if not (tries_left and method.idempotent and self._budget.spend()):",
             "if not (tries_left and self._budget.spend()):",
             "call/tests/test_peer.py::"
             "test_it_is_not_asked_for_again_where_that_is_not_declared_safe"),
    Sabotage("retries have a budget", "remote/retry.py",
             "if self._left < 1:", "if False:",
             "call/tests/test_peer.py::test_retries_are_bounded_over_all_calls"),
)  # fmt: skip

"""What is promised of a call: room, time, permission and what is told of it, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

SERVER = "server/tests/"
TRUST = SERVER + "test_trust.py::"
JSON = SERVER + "test_json_body.py::"

CALL = below("src/hanse/runtime",
    Sabotage("a library ends what was broken off", "call/children.py",
             "if call is not None and asyncio.current_task(loop) is not None:", "if call is not None:",
             "data/tests/test_calls.py::"
             "test_a_query_that_is_broken_off_ends_at_the_server_and_nobody_is_accused_of_it"),
    Sabotage("a full host refuses", "call/admission.py",
             "if self.running >= self._limit:", "if False:",
             SERVER + "test_shedding.py::test_a_full_host_says_so_at_once"),
    Sabotage("calls made are not published as calls served", "instruments.py",
             "method.rpc_name, kind)", "method.rpc_name)",
             "call/tests/test_context.py::test_a_call_that_went_well_is_counted_and_timed"),
    Sabotage("what is shed is counted by reason", "call/admission.py",
             "self._greedy.add()", "self._full.add()",
             SERVER + "test_shedding.py::test_operators_see_what_a_host_holds_and_why_it_refuses"),
    Sabotage("operators see what a host holds", "host.py",
             "self._gauges.read(self.room)", "pass",
             SERVER + "test_link.py::test_operators_see_the_links_of_a_host"),
    Sabotage("a site has its share", "call/admission.py",
             "if held >= min(self._share,", "if False and held >= min(self._share,",
             SERVER + "test_shedding.py::test_one_sites_flood_leaves_room_for_the_others"),
    Sabotage("a method has its bound", "call/endpoint.py",
             "if self._metrics.in_flight > self.method.concurrency:", "if False:",
             SERVER + "test_shedding.py::test_a_method_has_a_bound_of_its_own"),
    Sabotage("permission is asked", "call/endpoint.py",
             "self.method.rule.check(call.origin.principal)", "pass",
             TRUST + "test_it_opens_no_protected_method"),
    Sabotage("a deadline ends what hangs", "call/deadline.py",
             "call.task.cancel()", "pass",
             TRUST + "test_a_deadline_from_outside_is_kept"),
    Sabotage("a deadline is met however far the others are", "call/deadline.py",
             "if call.deadline_ns < self._due_ns:", "if self._timer is None:",
             "call/tests/test_deadline.py::test_a_deadline_is_met_however_far_the_others_are"),
    Sabotage("who is turned away was not served fast", "call/observer.py",
             "self.metrics.count(error.code)", "self.metrics.record(0, error.code)",
             SERVER + "test_shedding.py::"
             "test_who_is_turned_away_is_counted_and_makes_no_call_look_fast"),
    Sabotage("a refusal of HTTP's own is told as it is", "server/rpc.py",
             "cause if isinstance(cause, TOLD_AS_THEY_ARE) else error", "error",
             JSON + "test_only_json_is_read[rest-text]"),
    Sabotage("a stream ends at its deadline", "call/endpoint.py",
             "                if call.expired:\n                    raise",
             "                if False:\n                    raise",
             TRUST + "test_a_stream_whose_handler_goes_on_after_its_deadline_is_ended[3]"),
    Sabotage("a fault is logged", "call/endpoint.py",
             "self._log(call, failure, error.__cause__ or error)", "pass",
             SERVER + "test_disclosure.py::test_a_fault_of_ours_shows_nothing_of_it[internal]"),
    Sabotage("who waits for what was cancelled is told of a fault", "call/endpoint.py",
             "self._log(call, failure, CutOff", "(call, failure, CutOff",
             "call/tests/test_failure.py::test_a_raw_exception_arrives_as_internal_without_its_text[asyncio-together-cancelled]"),
    Sabotage("what is left behind is cancelled", "call/endpoint.py",
             "            task.cancel()", "            pass",
             "call/tests/test_cancellation.py::"
             "test_a_task_that_a_handler_leaves_behind_is_cancelled_and_named"),
    Sabotage("of an error with what is sealed no words are logged", "call/endpoint.py",
             "cause = wordless(cause)", "pass",
             "subscriptions/tests/test_operating.py::"
             "test_of_a_fault_with_what_is_sealed_a_log_has_kind_and_place_alone"),
    Sabotage("what a call is made for goes along", "call/outgoing.py",
             "self.name, given.cause, given.client", 'self.name, "", given.client',
             "call/tests/test_context.py::test_what_a_call_is_made_for_is_known_over_all_hops"),
)  # fmt: skip

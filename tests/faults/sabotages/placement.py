"""What is promised of gates, of who runs where, and of who blocks others, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

GATE = "server/tests/test_gate.py::"
DIRECTORY = "tests/test_directory.py::"
STALL = "tests/test_stall.py::"

PLACEMENT = below("src/hanse/runtime",
    Sabotage("a gate believes no context", "http/listen.py",
             "trusted=not gate, gate=gate", "trusted=True, gate=gate",
             GATE + "test_a_context_is_not_believed"),
    Sabotage("only a gate is told the site", "server/door.py",
             "if request.gate and SITE_HEADER in headers:", "if SITE_HEADER in headers:",
             GATE + "test_on_other_doors_the_header_says_nothing"),
    Sabotage("a site's domain takes its own credentials alone", "server/door.py",
             "if domain and verified.site not in", "if False and verified.site not in",
             GATE + "test_credentials_of_another_site_are_refused_there"),
    Sabotage("callers follow who moves", "placement/placement.py",
             "            peer.move(*self._where(name))\n        named", "            pass\n        named",
             DIRECTORY + "test_who_moves_is_called_where_it_is_now"),
    Sabotage("an answer that has not changed names its trace", "http/negotiate.py",
             ", own=response.own", "",
             GATE + "test_every_answer_of_a_call_names_its_trace[304]"),
    Sabotage("an answer through a gate names its trace", "server/rpc.py",
             "return _traced(answered, call, request) if request.gate or keyed else answered",
             "return answered",
             GATE + "test_every_answer_of_a_call_names_its_trace[200]"),
    Sabotage("what is served here is called here", "placement/directory.py",
             " and name not in self._local", "",
             DIRECTORY + "test_what_is_served_here_stays_here_whatever_the_file_says"),
    Sabotage("calls under way end where they began", "placement/placement.py",
             "if not self._pools[text].idle:", "if False:",
             DIRECTORY + "test_calls_under_way_end_where_they_began_and_then_the_link_is_closed"),
    Sabotage("who blocks is told while it does", "stall/watch.py",
             "        self._tell(self._service, now - self._since)", "",
             STALL + "test_who_blocks_is_told_while_it_does_and_for_how_long_afterwards"),
    Sabotage("nobody is told to have blocked for another", "stall/watch.py",
             "self._service, self._since = culprit.service, self._until",
             "self._service = culprit.service",
             STALL + "test_two_that_block_one_after_the_other_are_told_apart"),
    Sabotage("an idle host is not woken for nothing", "stall/watch.py",
             "return left if left > 0 and self._deadlines.calls else SWEEP_SECONDS", "return 0.02",
             STALL + "test_an_idle_host_is_woken_rarely_and_the_first_who_blocks_is_seen_as_soon"),
    Sabotage("with the first call it is watched closely", "stall/watch.py",
             "(self._stall_seconds if calls else self._stall_seconds + SWEEP_SECONDS)",
             "self._stall_seconds + SWEEP_SECONDS",
             STALL + "test_an_idle_host_is_woken_rarely_and_the_first_who_blocks_is_seen_as_soon"),
    Sabotage("a service is placed once", "project/project.py",
             ", *check_placement(merged)", "",
             "project/tests/test_placement_table.py::"
             "test_services_that_are_not_there_or_in_two_groups_are_named"),
    Sabotage("a wrong line of the gateway is named", "project/project.py",
             ", *check_gateway(merged)", "",
             "project/tests/test_gateway_table.py::"
             "test_what_is_wrong_is_named_with_the_way_out"),
)  # fmt: skip

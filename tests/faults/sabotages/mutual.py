"""What is promised of identities between machines, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

DOOR = "runtime/server/tests/test_mutual_door.py::"
CALLER = "runtime/call/tests/test_identity.py::"
ISSUED = "fleet/identity/tests/test_identity.py::"
UNHEARD = DOOR + "test_who_is_no_process_of_ours_is_not_even_heard"
ELSEWHERE = "runtime/tests/test_elsewhere.py::"
BALANCE = "runtime/remote/balance.py"
OWN = "runtime/mutual/own_identity.py"

MUTUAL = below("src/hanse",
    Sabotage("a gateway elsewhere is a gate", OWN,
             'trusted=found.role != "gateway"', "trusted=True",
             DOOR + "test_a_gateway_is_believed_the_site_it_names_and_nothing_else"),
    Sabotage("who is called is a host of ours", OWN,
             'if found is None or found.role != "host":', "if False:",
             CALLER + "test_who_is_no_host_of_ours_is_told_nothing[asyncio-a gateway]"),
    Sabotage("a door follows the files", OWN,
             "        peer.context = self._server", "        pass",
             DOOR + "test_new_handshakes_go_by_what_is_there_and_open_connections_go_on"),
    Sabotage("a caller follows the files", OWN,
             "            self.context, self._server = self._read()",
             "            _, self._server = self._read()",
             CALLER + "test_a_connection_that_is_opened_later_goes_by_what_is_there_then"),
    Sabotage("a broker calls no host", OWN,
             'if found is None or found.role not in {"host", "control", "gateway"}:',
             "if found is None:", UNHEARD + "[a broker]"),
    Sabotage("a trust domain is one project", OWN,
             "found.domain == self._tls.trust_domain", "True",
             UNHEARD + "[of another trust domain]"),
    Sabotage("an authority speaks for its region", "runtime/mutual/identity.py",
             "if found is None or issuer_of(certificate) != (found.domain, found.region):",
             "if found is None:", UNHEARD + "[of another region]"),
    Sabotage("every connection shows a certificate", "runtime/mutual/tls.py",
             "    context.num_tickets = 0\n", "",
             DOOR + "test_no_ticket_spares_a_certificate_that_has_run_out_meanwhile"),
    Sabotage("a certificate is renewed at half of its life", "fleet/identity/region_identity.py",
             "now < pair.ends - self._life / 2", "now < pair.ends",
             ISSUED + "test_at_half_of_its_life_a_certificate_has_a_successor_with_another_key"),
    Sabotage("no certificate outlives its authority", "fleet/identity/region_identity.py",
             "ends = min(now + self._life, authority.ends)", "ends = now + self._life",
             ISSUED + "test_no_certificate_outlives_the_authority_of_its_region"),
    Sabotage("what is of another root is replaced", "fleet/identity/region_identity.py",
             "        pair.chain[-1].verify_directly_issued_by(authority.chain[-1])",
             "        pass",
             ISSUED + "test_what_lies_there_and_is_no_good_is_replaced[another root]"),
    Sabotage("where nobody answers it is called elsewhere", BALANCE,
             "if self._elsewhere and (answering := self._answering(failed)):", "if False:",
             ELSEWHERE + "test_when_all_own_ones_die_not_one_call_that_follows_fails[1]"),
    Sabotage("one's own are called first", BALANCE,
             "        return answering or [", "        return [",
             ELSEWHERE + "test_while_one_own_one_answers_it_is_called"),
    Sabotage("a call tries two of its region and no third", BALANCE,
             "may_try = self._clock(), len(failed) < OWN_TRIES", "may_try = self._clock(), True",
             ELSEWHERE + "test_after_two_of_ones_own_have_failed_a_call_it_goes_elsewhere"),
    Sabotage("to leave a region is in no budget", "runtime/remote/peer.py",
             "return self._balancer.leaves(failed) or self._budget.spend()",
             "return self._budget.spend()",
             ELSEWHERE + "test_calls_that_begin_at_once_while_they_die_fail_nothing"),
    Sabotage("who is back is called again", "runtime/remote/pool.py",
             "return now < (self._refused_until or self.ejected_until)",
             "return now < self.ejected_until or self.failures > 0",
             ELSEWHERE + "test_calls_come_back_when_an_own_one_answers_again"),
    Sabotage("what is served in other regions is read", "runtime/placement/directory.py",
             "name in written.services or name in written.elsewhere", "name in written.services",
             ELSEWHERE + "test_where_there_is_none_it_is_called_elsewhere[None]"),
)  # fmt: skip

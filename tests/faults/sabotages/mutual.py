"""What is promised of identities between machines, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

DOOR = "runtime/server/tests/test_mutual_door.py::"
CALLER = "runtime/call/tests/test_identity.py::"
ISSUED = "fleet/identity/tests/test_identity.py::"
UNHEARD = DOOR + "test_who_is_no_process_of_ours_is_not_even_heard"
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
)  # fmt: skip

"""What is promised of the brokers of regions, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

PLAN = "fleet/engine/brokers/tests/test_plan.py::"
LOGINS = "fleet/engine/brokers/tests/test_logins.py::"
NATS = "fleet/engine/brokers/tests/test_region_nats.py::"
REGIONS = "runtime/broker/tests/test_regions.py::"
OWN_KEYS = LOGINS + "test_a_region_writes_its_own_keys_and_nobody_elses"

REGION_BROKERS = below("src/hanse",
    Sabotage("streams are never left behind", "fleet/engine/brokers/plan.py",
             "        check_grown(before, [one.region for one in plan.members], running=False)\n", "        pass\n",
             PLAN + "test_streams_are_never_left_behind"),
    Sabotage("who holds streams does not change while brokers run", "fleet/engine/brokers/plan.py",
             "if running and len(new) > len(old) > 1:", "if False:",
             PLAN + "test_who_holds_streams_does_not_change_while_brokers_run"),
    Sabotage("a region writes its own keys alone", "fleet/engine/brokers/logins.py",
             '_keys(f"region.{region}")', '_keys("region")', OWN_KEYS),
    Sabotage("without an identity nobody gets in", "fleet/engine/brokers/server_file.py",
             '"verify": True', '"verify": False',
             LOGINS + "test_without_an_identity_nobody_gets_a_word"),
    Sabotage("a greeting is a word", "fleet/engine/brokers/server_file.py",
             "_tls(tls, handshake_first=True),  # not a word to who has no identity", "_tls(tls),",
             LOGINS + "test_without_an_identity_nobody_gets_a_word"),
    Sabotage("what is refused is not waited for again", "runtime/broker/connection.py",
             "if _bare(subject) in self._forbidden:", "if False:", OWN_KEYS),
    Sabotage("a renewed identity is read while the broker runs", "fleet/engine/brokers/region_nats.py",
             "            os.kill(pid, signal.SIGHUP)\n", "            pass\n",
             NATS + "test_it_starts_when_it_has_an_identity_and_takes_another_while_it_runs"),
    Sabotage("who asks a broker believes by the files of today", "fleet/engine/brokers/region_nats.py",
             " or self._context[0] != marks", "",
             NATS + "test_another_at_its_port_is_not_taken_for_it"),
    Sabotage("the broker of a region is that very server", "fleet/engine/brokers/region_nats.py",
             'info.get("server_name") == reach.server and', "",
             NATS + "test_another_at_its_port_is_not_taken_for_it"),
    Sabotage("who is nearest is asked first", "runtime/broker/connection.py",
             "if not config.nearest_first:", "if True:",
             REGIONS + "test_who_is_nearest_is_asked_first_and_another_where_it_is_dead"),
    Sabotage("one that hangs leaves time for the others", "runtime/broker/connection.py",
             "return await _connect(config, url, config.connect_timeout / len(urls))",
             "return await _connect(config, url, 600)",
             REGIONS + "test_who_is_nearest_is_asked_first_and_another_where_it_is_dead"),
)  # fmt: skip

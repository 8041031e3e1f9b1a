"""What is promised of deployments, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage

SHARES = "src/hanse/runtime/tests/test_shares.py::"
GATEWAY = "src/hanse/fleet/gateway/tests/test_shares.py::"
STREAM = "src/hanse/fleet/gateway/tests/test_stream.py::"
TOLD = "src/hanse/fleet/control/tests/test_publisher.py::"
RAMP = "src/hanse/fleet/deployments/judged/tests/test_ramp.py::"
CALM = "src/hanse/fleet/deployments/judged/tests/test_calm.py::"
TALLY = "src/hanse/fleet/deployments/judged/tests/test_tally.py::"
FEEDING = "src/hanse/runtime/subscriptions/tests/test_feeding.py::"
WORKFLOWS = "src/hanse/runtime/workflows/tests/test_shares.py::"
BOOK = "src/hanse/fleet/deployments/tests/test_book.py::"
CALL_ORDER = "src/hanse/fleet/control/tests/test_call_order.py::"
EACH = "src/hanse/fleet/deployments/tests/test_each.py::"
STAGING = "tests/end_to_end/test_staging_up.py::"
DEPLOY = "tests/end_to_end/test_deploy_up.py::"

SHARING = [
    Sabotage("a host forgets shares that nobody renews", "src/hanse/runtime/placement/shares.py",
             "self._valid = now < self._until", "self._valid = True",
             SHARES + "test_a_lease_counts_from_when_its_revision_was_first_seen"),
    Sabotage("control forgets shares that nobody gives again", "src/hanse/fleet/control/hosts/given_shares.py",
             "if one.until <= now]", "if False]",
             TOLD + "test_shares_last_from_when_they_were_given_last"),
    Sabotage("the gateway forgets shares that nobody renews", "src/hanse/fleet/gateway/xds.py",
             "        if resource.seconds:\n", "        if False:\n",
             GATEWAY + "test_shares_end_with_their_lease_although_nobody_takes_them_back"),
    Sabotage("shares are told behind the hosts they are of", "src/hanse/fleet/gateway/ads/stream.py",
             "ORDER = (xds.CLUSTERS, xds.ASSIGNMENTS, xds.SECRETS, xds.LISTENERS, xds.ROUTES, xds.RUNTIME)",
             "ORDER = (xds.RUNTIME, xds.CLUSTERS, xds.ASSIGNMENTS, xds.SECRETS, xds.LISTENERS, xds.ROUTES)",
             STREAM + "test_no_share_is_ever_of_hosts_that_the_gateway_does_not_know"),
    Sabotage("a part that is dead costs nobody", "src/hanse/fleet/gateway/resources.py",
             "(part.endpoints, *levels)", "(part.endpoints,)",
             GATEWAY + "test_requests_of_a_part_that_is_dead_are_answered_by_the_others"),
    Sabotage("a call that the canary does not take goes to the others", "src/hanse/runtime/remote/balance.py",
             "if self._parts and not failed and", "if self._parts and",
             SHARES + "test_a_call_that_the_canary_does_not_take_is_taken_by_the_others"),
    Sabotage("the gateway knows a pair before it gets anything", "src/hanse/fleet/control/staging/stage.py",
             "await self._publisher.publish()  # else the first share", "pass  # else the first share",
             "src/hanse/fleet/control/tests/test_stage.py::"
             "test_when_they_have_begun_the_gateway_knows_where_they_are"),
    Sabotage("the same shares again are a renewal", "src/hanse/fleet/directory/files.py",
             "if contracts or said != self._given", "if said != self._given",
             "src/hanse/fleet/directory/tests/test_files.py::"
             "test_shares_are_given_anew_each_time_and_no_shares_once"),
    Sabotage("who is judged holds no more partitions than its share", "src/hanse/runtime/subscriptions/feeding/partitions.py",
             "min(PARTITIONS // 2, math.ceil(PARTITIONS * share))", "PARTITIONS // len(live)",
             FEEDING + "test_who_is_judged_gets_no_more_than_its_share_and_the_others_the_rest"),
    Sabotage("who has no share takes no workflow", "src/hanse/runtime/workflows/engine/engine.py",
             "if RANDOM.random() >= share:", "if False:",
             WORKFLOWS + "test_who_has_no_share_takes_nothing_that_is_due"),
    Sabotage("who is judged says not when things begin", "src/hanse/runtime/workflows/schedules/scheduler.py",
             "judged = self._database.share() < 1", "judged = False",
             WORKFLOWS + "test_what_a_judged_release_begins_by_the_clock_counts_when_it_is_settled"),
]  # fmt: skip

DEPLOYING = [
    Sabotage("the first share loses ten requests at most", "src/hanse/fleet/deployments/judged/ramp.py",
             "return min(1.0, (excess", "return min(0.1, (excess",
             RAMP + "test_the_first_share_loses_ten_requests_at_most"),
    Sabotage("no region goes on while anything speaks against it", "src/hanse/fleet/deployments/judged/calm.py",
             " or verdict.reason not in CALM", "",
             CALM + "test_any_doubt_has_the_while_begin_anew[suspicious]"),
    Sabotage("a canary that may get more yet is not done with its region", "src/hanse/fleet/deployments/judged/calm.py",
             "if not full or", "if",
             CALM + "test_a_canary_that_may_get_more_yet_is_not_done"),
    Sabotage("it comes to all regions before it is everybody's", "src/hanse/fleet/deployments/deployer.py",
             "while not task.emergency:", "while False:",
             "src/hanse/fleet/deployments/tests/test_waves.py::test_it_comes_to_one_region_after_the_other_before_it_is_everybodys"),
    Sabotage("a client's failures in a second are one, over canary and twin", "src/hanse/fleet/deployments/judged/tally.py",
             "for one in distinct(over):", "for one in over:",
             TALLY + "test_a_client_counts_once_a_second_over_both"),
    Sabotage("a second counts when it is over", "src/hanse/fleet/deployments/judged/tally.py",
             "if one.second < second]", "]",
             TALLY + "test_a_second_counts_when_it_is_over"),
    Sabotage("a canary has a twin", "src/hanse/fleet/control/staging/stage.py",
             'for part in ("canary", "twin"):', 'for part in ("canary",):',
             STAGING + "test_a_release_is_staged_gets_shares_takes_over_and_settles"),
    Sabotage("of a unit whoever is called takes over first", "src/hanse/fleet/control/staging/stage.py",
             "for wave in waves(self._order.changes):", "for wave in reversed(waves(self._order.changes)):",
             CALL_ORDER + "test_a_unit_takes_over_from_below_and_goes_back_from_above"),
    Sabotage("a unit goes back from whoever calls", "src/hanse/fleet/control/staging/stage.py",
             "for one in reversed(waves(mine))]", "for one in waves(mine)]",
             CALL_ORDER + "test_a_unit_takes_over_from_below_and_goes_back_from_above"),
    Sabotage("new callers meet new callees, and twins meet twins", "src/hanse/fleet/control/hosts/told.py",
             '(one.record.deployment, one.part == "twin")', "(one.record.deployment, False)",
             TOLD + "test_groups_that_are_deployed_as_one_call_hosts_of_their_own_release"),
    Sabotage("who is deployed together calls each other", "src/hanse/runtime/placement/placement.py",
             "if together := directory.together(name):", "if together := ():",
             SHARES + "test_who_is_deployed_together_calls_each_other_as_long_as_these_answer"),
    Sabotage("nobody disturbs a deployment", "src/hanse/fleet/control/following.py",
             "        refuse_deployed(hosts, wanted, touched)\n", "",
             STAGING + "test_two_do_not_deploy_one_group_at_once"),
    Sabotage("what was before stands by", "src/hanse/fleet/control/staging/stage.py",
             'one.become("warm", self._order.deployment)', 'one.become("", self._order.deployment)',
             STAGING + "test_a_release_is_staged_gets_shares_takes_over_and_settles"),
    Sabotage("the group is judged as well", "src/hanse/fleet/deployments/deployer.py",
             'if (end := await self._judged(run, task, "group")) != "good":', "if False:",
             DEPLOY + "test_a_release_that_fails_when_it_is_everybodys_goes_back_from_there"),
    Sabotage("what breaks others is refused", "src/hanse/fleet/deployments/deployer.py",
             "            if refused:\n", "            if False:\n",
             DEPLOY + "test_what_breaks_others_is_refused"),
    Sabotage("of groups that go one by one a few are under way at once", "src/hanse/fleet/deployments/each.py",
             "waiting[: watch.each.at_once - watch.count.under_way]", "waiting",
             EACH + "test_a_few_at_once_until_all_are_through_and_all_go_back_together"),
    Sabotage("where too many go back no other one begins", "src/hanse/fleet/deployments/each.py",
             "if self.count.back >= self.each.stop_after:", "if False:",
             EACH + "test_where_too_many_go_back_no_other_one_begins"),
    Sabotage("a new group is known to the canaries that call it", "src/hanse/fleet/control/hosts/told.py",
             'one.part == "next" and', 'one.part == "none" and',
             TOLD + "test_a_new_group_is_known_to_who_calls_it_before_it_is_everybodys"),
    Sabotage("it is said to be everybody's when it is", "src/hanse/fleet/deployments/steps.py",
             "await self._book.note(task.name, doing.says, stage=doing.stage)",
             'await self._book.note(task.name, doing.came or doing.says, stage=doing.stage, state="settled" if doing.came else "running")',
             EACH + "test_it_is_said_to_be_everybodys_when_it_has_come_to_everybody"),
    Sabotage("none of what many say of a deployment at once is lost", "src/hanse/fleet/deployments/book.py",
             "changes, revision=found.revision)", "changes)",
             BOOK + "test_none_of_what_many_say_at_once_is_lost"),
    Sabotage("who is over stays so", "src/hanse/fleet/deployments/book.py",
             "if found.state in ENDS and state not in ENDS:", "if False:",
             BOOK + "test_what_is_over_stays_so_whatever_is_said_too_late"),
    Sabotage("clients without end are not kept", "src/hanse/fleet/deployments/judged/tally.py",
             "    kept = set(_order(life)[: CLIENTS_KEPT // 4])", "    kept = set(_order(life))",
             TALLY + "test_clients_without_end_are_not_kept_and_all_failures_counted"),
    Sabotage("nobody deploys while it is frozen", "src/hanse/fleet/deployments/beginning.py",
             "if frozen and not emergency:", "if False:",
             DEPLOY + "test_nobody_deploys_while_it_is_frozen_save_in_an_emergency"),
]  # fmt: skip

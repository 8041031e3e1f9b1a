"""What is promised of regions, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

AROUND = "tests/test_around.py::"
MISSED = "tests/test_missed.py::"
MANY = "regions/tests/test_many_regions.py::"
ENTRUSTED = "regions/tests/test_shared_ground.py::"
HANGS = "tests/test_hangs.py::"
WAVES = MANY + "test_it_comes_to_one_region_after_the_other_and_is_judged_in_each"
WHOLE = MANY + "test_whatever_a_change_meets_all_regions_have_it_or_none"

REGIONS = [
    *below(
        "src/hanse/fleet/control",
        Sabotage(
            "no host ends while other regions cannot be told",
            "hosts/rollout.py",
            "if told.reported is None:",
            "if False:",
            AROUND + "test_no_host_ends_while_others_cannot_be_told",
        ),
        Sabotage(
            "shares are told anew though nothing else changes",
            "hosts/publisher.py",
            "        self._woken.set()  # from now on they are told anew\n",
            "",
            AROUND + "test_shares_are_told_anew_though_nothing_else_changes",
        ),
        Sabotage(
            "shares that could not be told are told when they can be",
            "hosts/publisher.py",
            "        except BaseException:\n            self.changed()\n            raise",
            "        except BaseException:\n            raise",
            AROUND + "test_shares_that_could_not_be_told_are_told_when_they_can_be",
        ),
        Sabotage(
            "what was told with something else is not told again",
            "hosts/publisher.py",
            "        self._dirty = False\n        directory, shares, picture",
            "        directory, shares, picture",
            AROUND + "test_what_was_told_with_something_else_is_not_told_again",
        ),
        Sabotage(
            "another life of a host is reached where it says",
            "hosts/member.py",
            "if self._reached[0] != life or not self._reached[1]:",
            "if not self._reached[1]:",
            AROUND + "test_where_a_host_is_reached_is_asked_anew_of_each_of_its_lives",
        ),
        Sabotage(
            "a region that was away does not get what is not proven",
            "regions/missed.py",
            "should = kept or written.wanted or",
            "should = runs.get(name) or written.wanted or",
            MISSED + "test_a_region_that_was_away_does_not_get_what_is_not_proven",
        ),
        Sabotage(
            "nobody stays of a deployment that is over",
            "regions/missed.py",
            "        if one.part\n",
            "        if not one.part\n",
            MISSED + "test_hosts_of_a_deployment_that_is_over_are_left_over",
        ),
        Sabotage(
            "a drained region calls elsewhere",
            "hosts/told.py",
            "named = [] if contract in around.taken else answering",
            "named = answering",
            AROUND + "test_a_drained_region_calls_elsewhere_what_is_served_there",
        ),
        Sabotage(
            "a drained region serves on where others are lost",
            "hosts/publisher.py",
            "taken = self.neighbours.taken() if self.drained",
            "taken = frozenset(self.neighbours.elsewhere()) if self.drained",
            AROUND + "test_a_drained_region_leaves_all_to_others_as_long_as_they_take_it",
        ),
        Sabotage(
            "a drained region begins nothing by itself",
            "hosts/publisher.py",
            "hosts = {one.name: 0.0 for one in self.members}",
            "pass",
            AROUND + "test_a_drained_region_leaves_all_to_others_as_long_as_they_take_it",
        ),
        Sabotage(
            "others are told who leaves",
            "hosts/reported.py",
            "leaving=not one.serving,",
            "",
            AROUND + "test_others_are_told_of_hosts_that_can_be_called",
        ),
        Sabotage(
            "a release comes to one region first",
            "regions/waves.py",
            '        if step == "take_over":\n',
            "        if False:\n",
            MANY + "test_meanwhile_everything_else_may_be_changed",
        ),
        Sabotage(
            "who looks and stands still knows of nobody",
            "looks/watch.py",
            "self.late = monotonic() - now > PATIENCE_SECONDS + LATE_SECONDS",
            "self.late = False",
            HANGS + "test_who_looks_and_stands_still_knows_of_nobody",
        ),
        Sabotage(
            "most of a fleet is not killed at once",
            "looks/hangs.py",
            " and not many",
            "",
            HANGS + "test_where_most_of_a_fleet_is_silent_it_is_waited_for[60-31]",
        ),
        Sabotage(
            "two looks far apart kill nobody",
            "looks/hangs.py",
            "self.looks >= LOOKS_MIN and",
            "True and",
            HANGS + "test_two_looks_far_apart_kill_nobody",
        ),
        Sabotage(
            "a further region has a canary first",
            "regions/waves.py",
            'await coming.step(order, "begin")',
            'await coming.step(order, "take_over")',
            WAVES,
        ),
        Sabotage(
            "canaries are compared in one region at a time",
            "regions/waves.py",
            'one.step(order, "settle") for one in taking if one.name in serving',
            "one.open(order) for one in ()",
            WAVES,
        ),
        Sabotage(
            "a region that comes back runs what the others run",
            "regions/many_regions.py",
            "        await one.bring(found.wanted, ())\n",
            "",
            MANY
            + "test_a_control_that_begins_anew_between_two_looks_is_brought_to_what_should_run",
        ),
        Sabotage(
            "a control that began anew is seen",
            "regions/behind.py",
            " or self._lives.get(one.name, one.life) != one.life",
            "",
            MANY
            + "test_a_control_that_begins_anew_between_two_looks_is_brought_to_what_should_run",
        ),
        Sabotage(
            "what is changed is in the book before it is so",
            "regions/bringing.py",
            "        self._set.note(change=change)\n        try:\n",
            "        try:\n",
            WHOLE + "[new-the head dies]",
        ),
        Sabotage(
            "what does not start goes back everywhere",
            "regions/bringing.py",
            "            await self._go_back(change, groups)\n",
            "",
            WHOLE + "[broken-it is not done]",
        ),
        Sabotage(
            "a change leaves alone what a deployment is at work on",
            "regions/bringing.py",
            "one.group.name not in self._claimed)",
            "one.group.name)",
            MANY + "test_meanwhile_everything_else_may_be_changed",
        ),
        Sabotage(
            "who is behind takes no part",
            "regions/waves.py",
            "if one.name in mine or one.name not in self._behind]",
            "]",
            MANY + "test_who_is_behind_takes_no_part_in_a_deployment_before_it_has_caught_up",
        ),
        Sabotage(
            "no deployment takes what another one has claimed",
            "regions/waves.py",
            "            await self._check_free(order)\n",
            "",
            MANY + "test_another_deployment_of_it_is_refused_and_takes_nothing",
        ),
        Sabotage(
            "a region ends before its logins do",
            "regions/many_regions.py",
            "            await self._set.part_with(name)\n",
            "            pass\n",
            MANY + "test_a_region_that_is_taken_away_ends_before_brokers_forget_its_logins",
        ),
        Sabotage(
            "who was taken away begins anew",
            "regions/region_set.py",
            "        one.forget()\n",
            "",
            MANY + "test_a_region_that_is_taken_away_ends_before_brokers_forget_its_logins",
        ),
        Sabotage(
            "a region's own list says whether it is drained",
            "hosts/hosts.py",
            "publisher.drained = read_roster(state.roster).drained",
            "publisher.drained = False",
            AROUND + "test_a_region_is_drained_when_its_own_list_says_so_and_others_were_told",
        ),
        Sabotage(
            "memory that is short gets no further host",
            "hosts/relief.py",
            " or not publisher.neighbours.told()",
            "",
            AROUND + "test_no_host_is_added_for_memory_where_none_may_end[not told]",
        ),
        Sabotage(
            "a host that was begun for nothing ends",
            "hosts/relief.py",
            "        await rollout.withdraw([one for one in publisher.members if one not in before])\n",
            "",
            AROUND + "test_no_host_is_added_for_memory_where_none_may_end[told no more]",
        ),
        Sabotage(
            "a gateway is told who there is before anything else",
            "region/ground.py",
            "self._begin(self.front())",
            "Picture((), *self.front())",
            AROUND + "test_a_gateway_is_told_who_there_is_before_anything_else",
        ),
        Sabotage(
            "a region that comes to it is entrusted at once",
            "regions/shared_ground.py",
            "if before == asked and at <=",
            "if at <=",
            ENTRUSTED + "test_a_region_that_comes_to_it_is_entrusted_at_once",
        ),
        Sabotage(
            "who is brought up anew is entrusted at once",
            "regions/shared_ground.py",
            "        self._entrusted = None\n",
            "",
            ENTRUSTED + "test_whoever_is_brought_up_anew_is_entrusted_at_once",
        ),
        Sabotage(
            "two doors of regions never have one port",
            "regions/region_ports.py",
            "    _check(found)\n",
            "",
            "regions/tests/test_region_ports.py::test_two_doors_never_have_one_port",
        ),
    ),
]

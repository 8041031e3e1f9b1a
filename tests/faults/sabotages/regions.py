"""What is promised of regions, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

AROUND = "tests/test_around.py::"
MISSED = "tests/test_missed.py::"
UP = "tests/end_to_end/test_regions_up.py::"

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
    ),
    Sabotage(
        "a release comes to one region first",
        "src/hanse/fleet/control/regions/many_regions.py",
        'if step in {"begin", "take_over"}:',
        'if step == "begin":',
        UP + "test_a_deployment_comes_to_one_region_and_then_to_the_others",
    ),
    Sabotage(
        "a region that comes back runs what the others run",
        "src/hanse/fleet/control/regions/many_regions.py",
        "        await one.bring(found.wanted, ())\n",
        "",
        UP + "test_a_region_that_is_killed_hurts_nobody_else_and_comes_back_as_the_others_are",
    ),
]

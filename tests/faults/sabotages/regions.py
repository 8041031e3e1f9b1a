"""What is promised of regions, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage

AROUND = "src/hanse/fleet/control/tests/test_around.py::"
UP = "tests/end_to_end/test_regions_up.py::"

REGIONS = (
    Sabotage(
        "no host ends while other regions cannot be told",
        "src/hanse/fleet/control/hosts/rollout.py",
        "if told.reported is None:",
        "if False:",
        AROUND + "test_no_host_ends_while_others_cannot_be_told",
    ),
    Sabotage(
        "a drained region calls elsewhere",
        "src/hanse/fleet/control/hosts/told.py",
        "return self.drained and bool(self.elsewhere.get(contract))",
        "return False",
        AROUND + "test_a_drained_region_calls_elsewhere_what_is_served_there",
    ),
    Sabotage(
        "a drained region keeps what is nowhere else",
        "src/hanse/fleet/control/hosts/told.py",
        "return self.drained and bool(self.elsewhere.get(contract))",
        "return self.drained",
        AROUND + "test_a_drained_region_calls_elsewhere_what_is_served_there",
    ),
    Sabotage(
        "a drained region begins nothing by itself",
        "src/hanse/fleet/control/hosts/publisher.py",
        "hosts = {one.name: 0.0 for one in self.members}",
        "pass",
        AROUND + "test_a_drained_region_begins_nothing_by_itself",
    ),
    Sabotage(
        "others are told who leaves",
        "src/hanse/fleet/control/hosts/reported.py",
        "leaving=not one.serving,",
        "",
        AROUND + "test_others_are_told_of_hosts_that_can_be_called",
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
        "            await one.bring(_wanted_of(await each.hosts()), ())\n",
        "",
        UP + "test_a_region_that_is_killed_hurts_nobody_else_and_comes_back_as_the_others_are",
    ),
)

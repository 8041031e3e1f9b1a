"""What is promised of workflows while something else of them is under way, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

HERE = "tests/test_meanwhile.py::"

MEANWHILE = below("src/hanse/runtime/workflows",
    Sabotage("a child that ends while it is canceled wakes its parent", "engine/child.py",
             "        else:\n            waiting = Entry(", "        if canceled or not instance.canceled:\n            waiting = Entry(",
             HERE + "test_a_child_that_ends_while_its_parent_cancels_it_wakes_that"),
    Sabotage("a child of whose beginning nobody was told is canceled with its parent", "engine/instance.py",
             ' and kind != "child":', ":",
             HERE + "test_a_child_of_whose_beginning_nobody_was_told_is_canceled_too"),
    Sabotage("who ends is not kept by what comes meanwhile", "engine/instance.py",
             "        if self.over:\n            return  # it has", "        if False:\n            return  # it has",
             HERE + "test_who_ends_is_not_kept_by_what_comes_meanwhile"),
    Sabotage("who goes on does not leave in the same moment", "engine/waits.py",
             "        waits, self._waits = self._waits, {}\n", "        waits = self._waits\n",
             "tests/test_waits.py::test_who_is_told_to_go_on_does_not_leave_in_the_same_moment"),
    Sabotage("nobody waits twice for a time that stands still", "engine/waits.py",
             "            self._looked = now  #", "            pass  #",
             "tests/test_waits.py::test_nobody_waits_twice_for_a_time_that_stands_still"),
    Sabotage("who waits for an instance is told when it is taken in", "engine/hot.py",
             "            came.set()\n", "            pass\n",
             "tests/test_hot.py::test_who_waits_for_one_is_told_when_it_is_taken_in"),
    Sabotage("whose child is canceled with it is not taken for failed", "engine/served.py",
             "    if not instance.canceling and not engine.looks_only:", "    if False:",
             HERE + "test_whose_child_tells_first_that_all_are_canceled_is_canceled_too"),
    Sabotage("nobody waits for another try to be canceled", "engine/work.py",
             "< tried.time and not instance.canceled:", "< tried.time:",
             HERE + "test_who_waits_for_another_try_is_canceled_at_once"),
    Sabotage("what was taken and not read is taken again", "engine/engine.py",
             "            await self.doubt.settle()\n            await self.scheduler", "            await self.scheduler",
             HERE + "test_what_was_taken_and_could_not_be_read_is_taken_again"),
    Sabotage("what begins is not given back", "journal/doubt.py",
             ", *self.beginning)", ",)",
             HERE + "test_what_begins_is_not_given_back_before_that_is_known"),
)  # fmt: skip

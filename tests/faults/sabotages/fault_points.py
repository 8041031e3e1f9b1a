"""What is promised of fault points, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

POINTS = "testing/tests/test_fault_points.py::"

FAULT_POINTS = below("src/hanse",
    Sabotage("only the time that was named goes wrong", "testing/fault_rules.py",
             "one[:2] == (point, times)", "one[0] == point",
             POINTS + "test_only_the_time_that_was_named_goes_wrong[3]"),
    Sabotage("nobody stands at a point after a world", "kit/fault_watch.py",
             "        WATCHED.by = None\n", "        pass\n",
             POINTS + "test_nobody_stands_there_after_a_world_and_only_one_in_it"),
    Sabotage("a world has its database to itself", "testing/servers/templates.py",
             "url = await self._server.create(template)",
             "url = template or await self._server.create()",
             "testing/tests/test_data.py::"
             "test_the_third_world_of_a_kind_is_a_copy_in_which_nobody_was"),
    Sabotage("a world with faults begins from nothing", "testing/world.py",
             "if self._faults is None and", "if",
             "testing/tests/test_data.py::"
             "test_a_world_with_faults_begins_from_nothing_every_time"),
    Sabotage("a connection ends where a statement fails at a point", "testing/watched_session.py",
             "        except Exception:\n            self.end()\n            raise\n",
             "        except Exception:\n            raise\n",
             POINTS + "test_what_only_reads_is_asked_again"),
    Sabotage("half an answer is half of it", "testing/watched_connection.py",
             "self._inner.write(data[:half])", "self._inner.write(data)",
             POINTS + "test_an_answer_that_breaks_off_is_none_and_its_work_is_done"
             "[answer.half_sent]"),
)  # fmt: skip

"""What is promised of the broker, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

STREAM = "tests/test_stream.py::"
MEANWHILE = STREAM + "test_whoever_else_publishes_meanwhile_nothing_stands_where_it_should_not"

BROKER = below("src/hanse/runtime/broker",
    Sabotage("behind what is missing nothing is stored", "publisher.py",
             "                sequences += [0] * len(left)\n                return Published(sequences, answer.error.err_code, answer.error.description)\n",
             "                sequences.append(0)\n                continue\n",
             STREAM + "test_behind_what_is_missing_nothing_is_stored"),
    Sabotage("a message follows the last there was", "publisher.py",
             '"Nats-Msg-Id": message.id, "Nats-Expected-Last-Sequence": str(last)}',
             '"Nats-Msg-Id": message.id}', MEANWHILE),
    Sabotage("so does a batch that is taken as one", "publisher.py",
             '"Nats-Batch-Id": trace_id(), "Nats-Expected-Last-Sequence": str(last)}',
             '"Nats-Batch-Id": trace_id()}', MEANWHILE),
    Sabotage("what is not taken as one is tried one by one", "publisher.py",
             "            answer = await self._alone(left[0], last)\n",
             "            return Published([0] * len(messages), 1, '')\n",
             STREAM + "test_what_has_no_room_is_refused_and_goes_when_there_is"),
    Sabotage("what the broker has already it is not given again", "publisher.py",
             '{"Nats-Msg-Id": message.id, "Nats-Expected-Last-Sequence": str(last)}',
             '{"Nats-Expected-Last-Sequence": str(last)}', MEANWHILE),
    Sabotage("a full stream keeps what it has", "stream.py",
             '"discard": "new"', '"discard": "old"',
             STREAM + "test_what_has_no_room_is_refused_and_goes_when_there_is"),
    Sabotage("a reader notices what is missing", "reader.py",
             "if where.number != self._number + 1:", "if False:",
             STREAM + "test_a_reader_knows_when_it_is_told_nothing_or_not_all"),
    Sabotage("a reader notices that nothing comes", "reader.py",
             "elif monotonic() > self._heard + patience:", "elif False:",
             STREAM + "test_a_broker_that_hangs_is_noticed"),
    Sabotage("a reader asks for what it has room for", "reader.py",
             "**self._most,", '"batch": 1000,',
             STREAM + "test_a_reader_holds_no_more_than_it_may"),
    Sabotage("a connection whose end nobody tells is made anew", "broker.py",
             "        while connection.open:  # the client does not always say when it has closed\n"
             "            await asyncio.wait((connection.ended,), timeout=LOOK_SECONDS)\n",
             "        await asyncio.shield(connection.ended)\n",
             STREAM + "test_a_broker_that_is_killed_under_what_is_being_sent_comes_back"),
    Sabotage("a connection that broke is made anew", "broker.py",
             "            while True:\n                connection = await self._connect()",
             "            for _ in range(1):\n                connection = await self._connect()",
             STREAM + "test_a_broker_that_is_killed_breaks_what_runs_and_comes_back"),
)  # fmt: skip

"""What is promised of letters, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

WRITING, SENDING, TEMPLATES = (
    "tests/test_mail.py::",
    "tests/test_sending.py::",
    "tests/test_templates.py::",
)

MAIL = below("src/hanse/runtime/mail",
    Sabotage("no header has a second line", "address.py",
             'return _UNSEEN.sub(" ", text).strip()[:length]', "return text[:length]",
             WRITING + "test_what_people_wrote_never_leaves_the_line_of_a_header"),
    Sabotage("what is refused for good is not sent again", "line.py",
             "return answer.code >= FOR_GOOD", "return False",
             SENDING + "test_a_letter_that_is_refused_for_good_is_not_sent_again_and_its_failure_can_be_seen"),
    Sabotage("what is not taken now is sent later", "line.py",
             "return answer.code >= FOR_GOOD", "return True",
             SENDING + "test_a_letter_that_is_not_taken_now_is_sent_a_minute_later"),
    Sabotage("a sender that is refused loses no letter", "line.py",
             "return answer.code == TOO_LARGE", "return True",
             SENDING + "test_a_letter_that_is_not_taken_now_is_sent_a_minute_later"),
    Sabotage("a letter that comes twice says so", "message.py",
             'f"<{stored.id}@{domain_of(config.sender)}>"', 'f"<{id(stored)}@{domain_of(config.sender)}>"',
             SENDING + "test_a_connection_lost_in_the_letter_leads_to_another_try"),
    Sabotage("nothing is sent in clear unless told", "line.py",
             'start_tls=config.tls == "required" and not server.encrypted', "start_tls=None",
             SENDING + "test_nothing_is_sent_in_clear_to_a_server_that_cannot_encrypt"),
    Sabotage("a server is known by its certificate", "line.py",
             "tls_context=trust", "validate_certs=False",
             SENDING + "test_a_server_is_known_by_its_certificate_and_knows_us_by_a_password[smtps]"),
    Sabotage("a letter and what it tells of are one", "mail.py",
             "async with self._database.transaction():\n            kept = await self._letters.create(stored)",
             "import asyncio, contextvars\n        async with self._database.transaction():\n"
             "            kept = await asyncio.get_running_loop().create_task("
             "self._letters.create(stored), context=contextvars.Context())",
             WRITING + "test_a_letter_and_what_it_tells_of_are_there_together_or_not_at_all"),
    Sabotage("a letter goes with its person", "mail.py",
             "person or to.lower()", "person or to",
             WRITING + "test_a_letter_goes_with_its_person"),
    Sabotage("no word of a letter lies in clear", "stored.py",
             "    written: Annotated[Written, THEIRS]", "    written: Written",
             WRITING + "test_no_word_of_a_letter_lies_in_clear"),
    Sabotage("a journal has no word of a server", "line.py",
             'return f"{error.code}."', 'return f"{error.code} {error.message}"',
             SENDING + "test_a_letter_that_is_refused_for_good_is_not_sent_again_and_its_failure_can_be_seen"),
    Sabotage("connections are few", "carrier.py",
             "asyncio.Semaphore(host.mail.connections)", "asyncio.Semaphore(1000)",
             SENDING + "test_many_letters_share_few_connections"),
    Sabotage("templates ask for what there is", "templates.py",
             "asked = {one for one in meta.find_undeclared_variables(tree) if one not in known}", "asked = set[str]()",
             TEMPLATES + "test_what_is_wrong_with_templates_is_told_by_their_names[names]"),
)  # fmt: skip

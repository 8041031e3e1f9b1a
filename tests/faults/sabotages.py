"""What is taken out of the code, one at a time, and which test has to notice.

A row is: the promise, the file, its text, what stands there instead, the test. A text that is no longer
there fails, so the table keeps up with the source.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVER = "server/tests/"
SMUGGLING = SERVER + "test_smuggling.py::"
AMBIGUOUS = SMUGGLING + "test_an_ambiguous_request_is_refused_once_and_the_connection_ends"
FLOODS = SERVER + "test_floods.py::"
TRUST = SERVER + "test_trust.py::"
JSON = SERVER + "test_json_body.py::"
EXCHANGE = SERVER + "test_exchange.py::"
QUERY = SERVER + "test_path_and_query.py::"
FILES = SERVER + "test_static_files.py::"
FORGED = "credentials/tests/test_token_forgeries.py::test_a_forged_token_is_refused_by_its_check"


@dataclass(frozen=True)
class Sabotage:
    """A promise that is broken on purpose. Paths are below `src/hanse/runtime`."""

    promise: str
    file: str
    old: str
    new: str
    test: str


HTTP = [
    Sabotage("a header that decides comes once", "http/connection.py",
             "if name in SINGLE:", "if False:", f"{AMBIGUOUS}[line: two tokens]"),
    Sabotage("the only transfer encoding is chunked", "http/head.py",
             'if given.rstrip(b" \\t").lower() != b"chunked":', "if False:",
             f"{AMBIGUOUS}[encoding: gzip before]"),
    Sabotage("chunks are of HTTP/1.1", "http/head.py",
             'if version != "1.1":', "if False:", f"{AMBIGUOUS}[line: chunked in HTTP/1.0]"),
    Sabotage("an upgrade swallows no body", "http/head.py",
             'if b"upgrade" in headers and announced:', "if False:",
             f"{AMBIGUOUS}[line: body before another protocol]"),
    Sabotage("a host is named", "http/connection.py",
             'if host is not None or version == "1.1":', "if host is not None:",
             f"{AMBIGUOUS}[line: no host]"),
    Sabotage("a host is a host", "http/head.py",
             'if not _HOST.fullmatch(value.rstrip(b" \\t")):', "if False:",
             f"{AMBIGUOUS}[line: host with path]"),
    Sabotage("target and host agree", "http/head.py",
             'if headers.setdefault(b"host", found[1]).lower() != found[1].lower():', "if False:",
             f"{AMBIGUOUS}[line: other host]"),
    Sabotage("other versions are refused", "http/connection.py",
             'if version not in {"1.0", "1.1"}:', "if False:", f"{AMBIGUOUS}[line: HTTP/2.0]"),
    Sabotage("a trailer is no header of the next request", "http/connection.py",
             "if self._headers:  # trailers", "if False:  # trailers",
             SMUGGLING + "test_a_trailer_is_no_header"),
    Sabotage("nothing after an upgrade is read", "http/connection.py",
             'request.keep_alive = version == "1.1" and b"upgrade" not in headers',
             'request.keep_alive = version == "1.1"',
             SMUGGLING + "test_an_upgrade_is_ignored_and_nothing_after_it_is_read[h2c]"),
    Sabotage("headers are counted", "http/connection.py",
             "if len(headers) + self._repeats > limits.headers:", "if False:",
             FLOODS + "test_a_head_over_the_limits_is_refused_also_in_one_segment"),
    Sabotage("a head in one segment is measured", "http/connection.py",
             "if self._fed > limits.header_bytes or", "if False and",
             FLOODS + "test_a_head_over_the_limits_is_refused_also_in_one_segment"),
    Sabotage("a head that grows is bounded", "http/connection.py",
             "if self._request is None and self._received > limit:", "if False:",
             FLOODS + "test_what_has_no_end_is_cut_off_after_a_few_kilobytes[header]"),
    Sabotage("what frames a body is bounded", "http/connection.py",
             "elif self._received > 2 * limit + CHUNK_OVERHEAD_MAX * self._size:", "elif False:",
             FLOODS + "test_what_has_no_end_is_cut_off_after_a_few_kilobytes[chunk extension]"),
    Sabotage("a body is measured as it comes", "http/connection.py",
             "if self._size > self._size_limit:", "if False:",
             JSON + "test_a_body_over_the_methods_limit_is_refused_before_it_is_read"),
    Sabotage("a body is refused by its announced length", "http/connection.py",
             "if length is not None and int(length) > self._size_limit:", "if False:",
             JSON + "test_a_body_over_the_methods_limit_is_refused_before_it_is_read"),
    Sabotage("who sends too far ahead is not read", "http/connection.py",
             "if len(self._waiting) >= self._server.limits.pipelined:", "if False:",
             SERVER + "test_pipelining.py::"
             "test_beyond_the_bound_the_peer_is_not_read_and_nothing_is_lost"),
    Sabotage("who does not read is not answered further", "http/connection.py",
             "if self._writable is None:\n                self._next()", "self._next()",
             FLOODS + "test_a_peer_that_asks_and_never_reads_is_not_answered_any_further"),
    Sabotage("a stream waits for its reader", "http/connection.py",
             "await self._writable.wait()", "pass",
             FLOODS + "test_a_stream_nobody_reads_is_not_produced_any_further_and_is_ended"),
    Sabotage("a slow head ends", "http/connection.py",
             "elif self.phase == HEAD and spent > limits.header_timeout:", "elif False:",
             FLOODS + "test_a_slow_sender_is_told_so_and_cut_off[header]"),
    Sabotage("a slow body ends", "http/connection.py",
             "elif self.phase == BODY and spent > limits.body_timeout:", "elif False:",
             FLOODS + "test_a_slow_sender_is_told_so_and_cut_off[body]"),
    Sabotage("a fresh connection is fresh", "http/connection.py",
             "self._seen = (-1, IDLE, 0)", "self._seen = (0, IDLE, 0)",
             FLOODS + "test_a_fresh_connection_is_not_taken_for_an_old_one"),
    Sabotage("connections are counted", "http/connection.py",
             "if too_many or self._server.draining:", "if self._server.draining:",
             FLOODS + "test_more_connections_than_allowed_are_not_kept"),
    Sabotage("a handler ends with its client", "http/connection.py",
             "if self._task is not None:\n            self._task.cancel()", "pass",
             FLOODS + "test_a_client_that_leaves_ends_its_handler"),
    Sabotage("a draining connection says that it ends", "http/connection.py",
             "return not request.keep_alive or (self._server.draining and not self._waiting)",
             "return not request.keep_alive",
             SERVER + "test_drain.py::test_it_turns_unready_and_finishes_what_runs"),
    Sabotage("no 100 in the middle of an answer", "http/connection.py",
             "if self._task is None and not self._waiting:\n                self._keep_promise()",
             "self._keep_promise()",
             EXCHANGE + "test_it_is_not_called_for_in_the_middle_of_another_answer"),
    Sabotage("gzip is for who takes it", "http/negotiate.py",
             "accepted[coding.strip()] = _REFUSED.fullmatch(weight) is None",
             "accepted[coding.strip()] = True",
             EXCHANGE + "test_it_is_not_for_who_does_not[gzip;q=0]"),
    Sabotage("other origins may not read", "http/cors.py",
             'return origin if origin.decode("latin-1") in self.origins else b""', "return origin",
             EXCHANGE + "test_a_page_of_another_origin_may_not[null]"),
    Sabotage("faults of ours are not shown", "http/problem.py",
             "detail=HIDDEN if error.log else error.detail", "detail=error.detail",
             SERVER + "test_disclosure.py::test_a_fault_of_ours_shows_nothing_of_it[internal]"),
    Sabotage("nor their fields", "http/problem.py",
             "fields={} if error.log else _declared_fields(error)", "fields=_declared_fields(error)",
             SERVER + "test_disclosure.py::"
             "test_a_fault_of_ours_shows_nothing_of_it[declared internal with fields]"),
]  # fmt: skip

DOOR = [
    Sabotage("a context counts on trusted connections only", "server/door.py",
             "if request.trusted and CONTEXT_HEADER in headers:", "if CONTEXT_HEADER in headers:",
             TRUST + "test_a_forged_context_is_dropped_at_the_open_door"),
    Sabotage("the open door is not trusted", "http/listen.py",
             "make = _maker(server, trusted=tls is not None)", "make = _maker(server, trusted=True)",
             TRUST + "test_a_forged_context_is_dropped_at_the_open_door"),
    Sabotage("the socket is this user's", "http/listen.py",
             "os.umask(0o177)", "os.umask(0)",
             TRUST + "test_the_socket_is_this_users_alone_from_the_first_moment"),
    Sabotage("a host shows a certificate", "http/listen.py",
             "context.verify_mode = ssl.CERT_REQUIRED", "context.verify_mode = ssl.CERT_NONE",
             TRUST + "test_nobody_else_is_even_heard"),
    Sabotage("an internal method is not there", "server/dispatch.py",
             "and (request.trusted or not verbs.hidden)", "",
             TRUST + "test_an_internal_method_cannot_be_told_from_one_that_is_not_there"),
    Sabotage("the outside has no trace recorded", "server/door.py",
             "sampled = given.sampled if given and request.trusted else self._sample()",
             "sampled = given.sampled if given else self._sample()",
             TRUST + "test_the_outside_may_name_a_trace_but_not_have_it_recorded[01]"),
    Sabotage("without time nothing begins", "server/door.py",
             "if not given:", "if False:", TRUST + "test_without_time_nothing_begins"),
    Sabotage("a time is a number", "server/door.py",
             "if not value.isdigit() or len(value) > _TIMEOUT_DIGITS_MAX:", "if not value.isdigit():",
             TRUST + "test_a_time_that_is_none_is_refused[12345678901]"),
    Sabotage("unknown fields are refused", "server/strict.py",
             "if name != tag_field:", "if False:",
             JSON + "test_a_field_nobody_declared_is_refused_at_the_open_door_by_its_path"
             "[rest-in an item]"),
    Sabotage("keys come once", "server/strict.py",
             "if not violations and keys_written(body) > keys_kept(value):", "if False:",
             JSON + "test_a_key_that_comes_twice_is_refused[rest-by an escape]"),
    Sabotage("nesting is bounded", "server/strict.py",
             "> self._depth and depth_of(body) > self._depth:", "> self._depth and False:",
             JSON + "test_nesting_has_a_limit_that_is_said"),
    Sabotage("integers are of 64 bits", "server/strict.py",
             "return -(2**63) <= value < 2**63", "return True",
             JSON + "test_an_integer_has_64_bits"),
    Sabotage("what is told is bounded", "server/strict.py",
             'islice(self._walk(value, ""), VIOLATIONS_MAX)', 'self._walk(value, "")',
             JSON + "test_a_hundred_thousand_undeclared_fields_get_a_short_answer[rest]"),
    Sabotage("a query's names are declared", "server/arguments.py",
             "if name not in known:", "if False:",
             QUERY + "test_a_wrong_query_names_the_argument[unknown]"),
    Sabotage("a query's values come once", "server/arguments.py",
             "elif name in values:", "elif False:",
             QUERY + "test_a_wrong_query_names_the_argument[twice]"),
    Sabotage("NaN is no number", "server/strict.py",
             "return not isinstance(value, float) or math.isfinite(value)", "return True",
             QUERY + "test_a_wrong_query_names_the_argument[NaN]"),
    Sabotage("percent signs are followed by digits", "server/router.py",
             "if BROKEN_PERCENT.search(path):", "if False:",
             QUERY + "test_a_path_that_is_no_text_is_not_found[no digits]"),
    Sabotage("links do not lead out", "server/files.py",
             "return file if inside else None", "return file",
             FILES + "test_nothing_else_can_be_named[out]"),
    Sabotage("dotfiles are not shown", "server/files.py",
             'any(part.startswith(".") for part in name.split("/"))', "False",
             FILES + "test_nothing_else_can_be_named[.env]"),
    Sabotage("a call is counted out", "server/rpc.py",
             "        finally:\n            door.close(call)", "        finally:\n            pass",
             SERVER + "test_shedding.py::test_every_call_that_was_counted_in_is_counted_out[answered]"),
    Sabotage("a stream that was not read is counted out", "server/rpc.py",
             "await anext(events)", "pass",
             SERVER + "test_shedding.py::"
             "test_every_call_that_was_counted_in_is_counted_out[HEAD of a stream]"),
    Sabotage("faults of ours are hidden from Connect too", "server/connect.py",
             "if error.log and not trusted:", "if False:",
             SERVER + "test_disclosure.py::test_a_fault_of_ours_shows_nothing_of_it[connect internal]"),
]  # fmt: skip

CALL = [
    Sabotage("a full host refuses", "call/admission.py",
             "if self.running >= self._limit:", "if False:",
             SERVER + "test_shedding.py::test_a_full_host_says_so_at_once"),
    Sabotage("a site has its share", "call/admission.py",
             "if held >= min(self._share,", "if False and held >= min(self._share,",
             SERVER + "test_shedding.py::test_one_sites_flood_leaves_room_for_the_others"),
    Sabotage("a method has its bound", "call/endpoint.py",
             "if self._metrics.in_flight > self.method.concurrency:", "if False:",
             SERVER + "test_shedding.py::test_a_method_has_a_bound_of_its_own"),
    Sabotage("permission is asked", "call/endpoint.py",
             "self.method.rule.check(call.origin.principal)", "pass",
             TRUST + "test_it_opens_no_protected_method"),
    Sabotage("a deadline ends what hangs", "call/deadline.py",
             "call.task.cancel()", "pass",
             TRUST + "test_a_deadline_from_outside_is_kept"),
    Sabotage("a fault is logged", "call/endpoint.py",
             "self._log(failure, error.__cause__ or error)", "pass",
             SERVER + "test_disclosure.py::test_a_fault_of_ours_shows_nothing_of_it[internal]"),
    Sabotage("what is left behind is cancelled", "call/endpoint.py",
             "            task.cancel()", "            pass",
             "call/tests/test_cancellation.py::"
             "test_a_task_that_a_handler_leaves_behind_is_cancelled_and_named"),
]  # fmt: skip

IDENTITY = [
    Sabotage("a signature is checked", "credentials/token.py",
             "if not key.check(token.signed, token.signature):", "if False:", FORGED),
    Sabotage("an algorithm is its issuer's", "credentials/token.py",
             "if token.algorithm not in issuer.algorithms:", "if False:", FORGED),
    Sabotage("an algorithm is its key's", "credentials/token.py",
             "if token.algorithm not in key.algorithms:", "if False:", FORGED),
    Sabotage("a token ends", "credentials/claims.py",
             "if now >= expires_at + leeway:", "if False:", FORGED),
    Sabotage("a token is for us", "credentials/claims.py",
             "if not any(name in issuer.audience for name in for_whom):", "if False:", FORGED),
    Sabotage("a token has begun", "credentials/claims.py",
             "if not_before is not None and now < not_before - leeway:", "if False:", FORGED),
    Sabotage("a token is of its type", "credentials/claims.py",
             "if token.typ not in accepted:", "if False:", FORGED),
    Sabotage("an issuer speaks for its kinds", "credentials/claims.py",
             "if kind not in issuer.kinds:", "if False:", FORGED),
    Sabotage("an extension is not skipped", "credentials/compact.py",
             'if "crit" in header or "b64" in header:', "if False:", FORGED),
    Sabotage("a revoked key is refused", "credentials/verified_cache.py",
             "if verified.token_id in self._revoked_tokens:", "if False:",
             "credentials/tests/test_api_key.py::test_a_revoked_key_is_refused_at_once"),
    Sabotage("a development key is private", "credentials/development.py",
             "if mode & ~allowed:", "if False:",
             "credentials/tests/test_development.py::"
             "test_a_key_open_to_others_is_refused_with_the_remedy"),
    Sabotage("a visitor's permissions do not count", "identity/permission.py",
             'return principal.kind != "visitor" and not self.permissions.isdisjoint(',
             "return not self.permissions.isdisjoint(",
             "identity/tests/test_permission.py"),
    Sabotage("a secret is not shown", "config/secret.py",
             "    def __str__(self) -> str:\n        return _SHOWN",
             "    def __str__(self) -> str:\n        return self._text",
             SERVER + "test_disclosure.py::test_a_secret_stands_in_no_answer_and_in_no_file"),
]  # fmt: skip

DECLARED = "contract/tests/test_declaration.py::test_a_mistake_is_reported_with_place_and_remedy"

CONTRACT = [
    Sabotage("somebody is let in by name, nobody by forgetting", "contract/checks.py",
             "if declaration.allow is None:", "if False:", DECLARED),
    Sabotage("limits are limits", "contract/checks.py",
             "if declaration.timeout <= 0 or declaration.max_body <= 0 or declaration.concurrency <= 0:",
             "if False:", f"{DECLARED}[no calls]"),
    Sabotage("a code is one error's", "contract/checks.py",
             "elif error.code in codes:", "elif False:", f"{DECLARED}[same code]"),
    Sabotage("a code is one error's in all methods", "contract/checks.py",
             "if (other := taken.setdefault(error.code, error)) is not error:",
             "if (other := taken.setdefault(error.code, error)) is None:",
             "contract/tests/test_declaration.py::"
             "test_methods_may_not_mean_different_errors_by_one_code"),
    Sabotage("a name is one type's", "contract/checks.py",
             "(other := taken.setdefault(name, struct)) != struct:",
             "(other := taken.setdefault(name, struct)) is None:", f"{DECLARED}[same name]"),
    Sabotage("a set's items are hashable", "contract/immutable.py",
             "if origin is frozenset and any(", "if False and any(", f"{DECLARED}[set of maps]"),
    Sabotage("an implementation keeps to its contract", "contract/checks.py",
             "if signature and shape_of(signature) != shape_of(method.signature):", "if False:",
             "contract/tests/test_declaration.py::"
             "test_an_implementation_with_another_signature_is_refused"),
    Sabotage("an answer is checked", "contract/method.py",
             "            body = _encode(answer)\n            self.read_answer(body)",
             "            body = _encode(answer)",
             SERVER + "test_disclosure.py::test_a_fault_of_ours_shows_nothing_of_it[wrong answer]"),
    Sabotage("what is not safe is not repeated", "remote/peer.py",
             "if not (tries_left and method.idempotent and self._budget.spend()):",
             "if not (tries_left and self._budget.spend()):",
             "call/tests/test_peer.py::"
             "test_it_is_not_asked_for_again_where_that_is_not_declared_safe"),
    Sabotage("retries have a budget", "remote/retry.py",
             "if self._left < 1:", "if False:",
             "call/tests/test_peer.py::test_retries_are_bounded_over_all_calls"),
]  # fmt: skip

SABOTAGES = HTTP + DOOR + CALL + CONTRACT + IDENTITY

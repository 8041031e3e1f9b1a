"""The benchmark of data measures what answers rightly and keeps sites apart, and computes what is met."""

import contextlib
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.data import contact, measure
from benchmarks.data.contestants import HANSE, SQLALCHEMY
from benchmarks.data.inside.rounds import COLLECTION, RAW, InsideRound
from benchmarks.data.over_http import asked, refusals
from benchmarks.data.over_http.dialect import SQLAlchemyDialect
from benchmarks.data.over_http.request import Caller
from benchmarks.data.over_http.rounds import OPERATIONS, WRITES, HttpRound
from benchmarks.data.plan import FULL, QUICK, Plan
from benchmarks.data.postgres import SETTINGS, open_postgres
from benchmarks.data.scale import measure as scale
from benchmarks.data.scale.samples import Samples
from benchmarks.data.scale.waits import Waits
from benchmarks.load import LoadError, run_script
from benchmarks.rpc.question import Issuer
from benchmarks.server import ServerError
from benchmarks.tests.contacts_server import contacts_served

needs_wrk = pytest.mark.skipif(
    not (shutil.which("wrk") and shutil.which("taskset")), reason="wrk is not installed"
)
SMALL = Plan(sites=2, rows=300, gets=3, windows=1, updates=20)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    return Issuer(tmp_path_factory.mktemp("keys"))


@contextlib.contextmanager
def asking(issuer, skipped=""):
    with (
        contacts_served(issuer, SMALL, skipped) as port,
        contextlib.closing(Caller(port)) as caller,
    ):
        yield asked.Asked(SMALL, SQLAlchemyDialect(), issuer), caller, port


# Rows.


@given(
    rows=st.integers(1, 60).map(lambda n: n * 5), place=st.integers(0, 299), limit=st.integers(1, 9)
)
def test_who_was_seen_since_is_found_without_a_search(rows, place, limit):
    everybody = {number: contact.contact(3, number, rows) for number in range(rows)}
    searched = sorted(
        (one["last_seen"], number)
        for number, one in everybody.items()
        if one["stage"] == "customer" and one["last_seen"] >= contact.seen_at(place)
    )
    found = contact.seen_from(place, rows, stage="customer", limit=limit)
    assert found == [number for _, number in searched[:limit]]


@given(site=st.integers(0, 9999), number=st.integers(0, 49))
def test_rows_of_copy_are_the_contacts_that_are_expected(site, number):
    for columns in (contact.document_columns, contact.plain_columns):
        line = contact.block(50, columns)(site).decode().splitlines()[number].split("\t")
        assert line[:2] == [contact.site_name(site), str(contact.contact_id(site, number))]
        expected = contact.contact(site, number, 50)
        if columns is contact.document_columns:
            assert json.loads(line[-1]) == expected
        else:
            assert dict(zip(expected, line[5:], strict=True))["email"] == expected["email"]


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_what_is_changed_is_in_no_answer_that_is_compared(plan):
    changed = plan.updated()
    assert len(set(changed)) == plan.updates
    assert not {*changed} & {*plan.got()}
    assert not {*changed} & {number for window in plan.asked() for number in window.numbers}
    assert all(len(window.numbers) == 50 for window in plan.asked())


# Checks.


def test_a_server_that_does_everything_passes(issuer):
    with asking(issuer) as (questions, caller, _):
        refusals.check(questions, caller, issuer)
        assert len(asked.learn_gets(questions, caller).requests) == 6
        assert len(asked.learn_queries(questions, caller).answers) == 2


@pytest.mark.parametrize(
    ("skipped", "named"),
    [
        ("signature", "a forged token"),
        ("permission", "no permission"),
        ("length", "a name too long"),
        ("unknown", "an unknown field"),
        ("unique", "an email that is taken"),
        ("revision", "a revision that is past"),
        ("site", "another site's id"),
        ("query", "a query of site 0"),
        ("count", "PATCH"),
        ("write", "GET"),
    ],
)
def test_a_server_that_skips_a_check_is_named(issuer, skipped, named):
    with asking(issuer, skipped) as (questions, caller, _), pytest.raises(LoadError, match=named):
        refusals.check(questions, caller, issuer)


def test_the_right_rows_in_the_wrong_order_are_a_wrong_answer(issuer):
    with (
        asking(issuer, "order") as (questions, caller, _),
        pytest.raises(LoadError, match=":query"),
    ):
        asked.learn_queries(questions, caller)


@pytest.mark.parametrize(
    ("name", "other"), [("note", "x"), ("last_seen", "2026-01-01T00:00:00.000001Z"), ("tags", ["vip"]), ("revision", 2)]
)  # fmt: skip
def test_every_field_of_an_answer_is_looked_at(issuer, name, other):
    expected = asked.Asked(SMALL, SQLAlchemyDialect(), issuer).expected(0, 0)
    assert asked.is_as_expected(expected, expected)
    assert not asked.is_as_expected(expected | {name: other}, expected)


def test_an_instant_may_be_written_otherwise_and_null_may_be_left_out(issuer):
    expected = asked.Asked(SMALL, SQLAlchemyDialect(), issuer).expected(0, 0)
    assert expected["phone"] is None
    found = {name: value for name, value in expected.items() if name != "phone"}
    found["last_seen"] = expected["last_seen"].replace("Z", ".000000+00:00")
    assert asked.is_as_expected(found, expected)


# Writes by wrk.


def written(questions, port, given):
    return run_script(WRITES, given, port=port, connections=2, seconds=1)


def revisions():
    return {(site, number): 1 for site in range(SMALL.sites) for number in SMALL.updated()}


@needs_wrk
def test_writes_that_are_answered_rightly_are_counted(issuer):
    with asking(issuer) as (questions, _, port):
        for given_ in (asked.creates(questions), asked.changes(questions, revisions())):
            report = written(questions, port, given_)
            assert report.requests > 10
            assert report.wrong == report.broken == 0


@needs_wrk
@pytest.mark.parametrize(("skipped", "status"), [("count", 409), ("revision", 200)])
def test_a_revision_that_is_not_due_refuses_the_run(issuer, skipped, status):
    with asking(issuer, skipped) as (questions, _, port):
        late = dict.fromkeys(revisions(), 5)
        given_ = asked.changes(questions, late if skipped == "revision" else revisions())
        with pytest.raises(LoadError, match=f"last wrong answer: {status}"):
            written(questions, port, given_)


@needs_wrk
def test_a_create_that_is_refused_refuses_the_run(issuer):
    with asking(issuer) as (questions, _, port):
        same = asked.creates(questions)
        written(questions, port, same)
        with pytest.raises(LoadError, match="last wrong answer: 409"):
            written(questions, port, same)


# PostgreSQL.


@needs_wrk
def test_postgres_writes_to_the_disk_on_one_core_and_leaves_nothing():
    with open_postgres() as postgres:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert postgres.run(f"show {name}") == [["on"]] == [[SETTINGS[name]]]
        postgres.create("one")
        postgres.run("create table few (a int primary key, b text)", database="one")
        postgres.copy("few (a, b)", [b"1\tx\n", b"2\ty\n"], database="one")
        postgres.create("other", like="one")
        assert postgres.run("select * from few order by a", database="other") == [
            ["1", "x"],
            ["2", "y"],
        ]
        with pytest.raises(ServerError, match="duplicate key"):
            postgres.copy("few (a, b)", [b"1\tx\n"], database="one")
        keyring = Path(postgres.host, "one.keys")
        keyring.mkdir()
        postgres.drop("one")
        assert not keyring.exists()
        postgres.use([0])
        assert os.sched_getaffinity(postgres.pid) == {0}
        assert postgres.cpu_seconds() > 0
        (folder,) = postgres.run("show data_directory")[0]
    assert not Path(folder).exists()


# What is published.


def over_http(peer, rate, service_us=100.0):
    return [HttpRound(peer, one, 32, rate, service_us, 50.0, 10.0, 0.97, 0.0) for one in OPERATIONS]


def inside(peer, rate):
    return [
        InsideRound(peer, operation, at_once, rate, 40.0, 30.0, 100.0, 0.97)
        for operation in OPERATIONS
        for at_once in (1, 16)
    ]


def missed(http, inside_):
    return {line.metric for line in measure.results(http, inside_) if line.met is False}


def test_each_goal_is_missed_by_its_own_figure():
    peer, ours = over_http(SQLALCHEMY, 1000.0), over_http(HANSE, 5000.0, 80.0)
    raw, collection = inside(RAW, 8000.0), inside(COLLECTION, 4800.0)
    assert missed(peer + ours, raw + collection) == set()

    slower = over_http(HANSE, 4999.0, 80.0)
    assert missed(peer + slower, raw + collection) == {
        f"{one}_requests_per_second" for one in OPERATIONS
    }
    dearer = over_http(HANSE, 5000.0, 96.0)
    assert missed(peer + dearer, raw + collection) == {f"http_{one}_all_cpu" for one in OPERATIONS}
    layers = inside(COLLECTION, 4799.0)
    assert missed(peer + ours, raw + layers) == {
        f"collection_{operation}_by_{at_once}" for operation in OPERATIONS for at_once in (1, 16)
    }
    faster = inside(RAW, 11_200.0)
    assert missed(peer + ours, faster + inside(COLLECTION, 9000.0)) == {
        f"http_{one}" for one in OPERATIONS
    }


def test_what_was_not_measured_is_missed():
    assert len(missed([], [])) == 4 + 8 + 8


@pytest.mark.parametrize(
    ("get", "query", "longest", "metric"),
    [
        (140.0, 740.0, 99.0, None),
        (151.0, 740.0, 99.0, "get_flat"),
        (140.0, 760.0, 99.0, "query_flat"),
        (140.0, 740.0, 101.0, "longest_write_while_indexing"),
    ],
)
def test_what_grows_with_the_sites_is_not_flat(get, query, longest, metric):
    steps = [
        scale.Step(10, 100.0, 500.0),
        scale.Step(100, 99.0, 510.0),
        scale.Step(1000, get, query),
    ]
    steps.append(scale.Step(10, 500.0, 5000.0))  # a median of three is not moved by one
    steps.append(scale.Step(10, 100.0, 500.0))
    made = scale.Indexed(1000, 3.0, Waits(10, 1.0, 500.0), Waits(10, 1.0, longest))
    assert {line.metric for line in scale.results([*steps, made]) if line.met is False} == (
        {metric} - {None}
    )


def test_what_was_not_grown_is_missed():
    assert len([line for line in scale.results([]) if line.met is False]) == 3


@pytest.mark.parametrize("sites", [10, 10_000])
def test_samples_are_as_many_and_of_all_sites_however_many_there_are(sites):
    pairs = Samples(sites=sites, rows=1000, count=400, passes=1).pairs()
    assert len(set(pairs)) == 400
    assert len({site for site, _ in pairs}) == min(sites, 400)


def test_what_waited_for_the_disk_is_said():
    def waits(rounds):
        return measure.method(rounds, QUICK, "18").splitlines()[-1]

    busy = over_http(HANSE, 1.0)
    idle = HttpRound(HANSE, "create", 1, 10.0, 1.0, 1.0, 1.0, 0.2, 0.0)
    assert waits(busy) == "Every rate was limited by core 0."
    assert "hanse create 20%" in waits([*busy[:-1], idle])
    assert "get" not in waits([*busy[:-1], idle])

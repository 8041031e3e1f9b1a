"""The harbour lists what its parts list, so that `./hanse up` shows all of it."""

import json
from pathlib import Path

import pytest

from hanse.runtime.contract.service import contract_of
from hanse.runtime.mail.mail_config import MailConfig
from hanse.runtime.project.project import read_project
from hanse.runtime.project.serving import make_host

FOLDER = Path(__file__).parents[1]
ROOT = FOLDER.parents[1]
BOUTIQUE, HIRING = (
    read_project(ROOT / name).file for name in ("examples/boutique", "domains/hiring")
)


def test_every_service_of_its_parts_is_there_but_the_second_front():
    services = read_project(FOLDER).file.project.services
    alone = {"hanse_hiring.pages.front:Front"}

    assert set(services) == {*BOUTIQUE.project.services, *HIRING.project.services} - alone


@pytest.mark.parametrize("environment", ["", "apart"])
def test_it_begins_with_the_samples_of_its_parts(environment):
    samples = read_project(FOLDER, environment).file.samples

    assert {name: (FOLDER / file).resolve() for name, file in samples.items()} == {
        name: ROOT / "domains/hiring" / file for name, file in HIRING.samples.items()
    }
    assert all((FOLDER / file).is_file() for file in samples.values())


@pytest.mark.parametrize(("environment", "processes"), [("", 1), ("apart", 11)])
def test_the_shop_may_stand_apart_and_hiring_stays_together(environment, processes):
    groups = read_project(FOLDER, environment).groups()

    assert len(groups) == processes
    assert sum(len(group.services) for group in groups) == 20


def test_all_can_be_imported_and_every_file_is_served():
    project = read_project(FOLDER)

    assert len(project.services()) == 20
    assert [served.folder for served in project.files()] == [
        ROOT / "examples/boutique/storefront/boutique_storefront/static"
    ]


@pytest.mark.parametrize("environment", ["", "apart"])
def test_the_shop_and_the_careers_site_lead_to_each_other(environment):
    project = read_project(FOLDER, environment).file
    (employer,) = json.loads((FOLDER / project.samples["hiring.employers"]).read_text())

    careers = project.settings["storefront"]["careers"]

    assert (careers, employer["home"]) == ("/careers/", "/")


def test_each_process_has_the_settings_it_needs_and_minds_no_others():
    project = read_project(FOLDER, "apart")
    variables = {
        "HANSE_PEPPER": "x" * 64,
        "HANSE_DATABASE__URL": "postgresql:///none",
        "HANSE_BROKER__URL": "nats://a:b@h:1",
    }
    for group in project.groups():
        others = set(project.services()) - set(project.services(group.services))
        contracts = filter(None, map(contract_of, others))
        elsewhere = {one.full_name: ("unix:elsewhere",) for one in contracts}

        around = {"directory": elsewhere, "mail": MailConfig()}
        make_host(project, variables, group.services, port=None, **around)

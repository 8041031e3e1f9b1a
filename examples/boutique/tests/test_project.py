"""The boutique's hanse.toml: what runs, and in how many processes."""

from pathlib import Path

import pytest

from hanse.runtime.project.project import read_project

FOLDER = Path(__file__).parent.parent


@pytest.mark.parametrize(("environment", "processes"), [("", 1), ("apart", 10)])
def test_one_line_puts_ten_services_together_or_apart(environment, processes):
    groups = read_project(FOLDER, environment).groups()
    assert len(groups) == processes
    assert sum(len(group.services) for group in groups) == 10


def test_each_of_them_may_run_several_times_for_none_keeps_anything_to_itself(tmp_path):
    table = "[environments.apart.placement]\n"
    text = (FOLDER / "hanse.toml").read_text()
    assert table in text
    (tmp_path / "hanse.toml").write_text(text.replace(table, f"{table}replicas = 3\n"))
    assert {group.replicas for group in read_project(tmp_path, "apart").groups()} == {3}


def test_every_distribution_is_on_the_path_and_every_service_is_there():
    project = read_project(FOLDER)
    assert {service.__name__ for service in project.services()} == {
        "Ads", "Carts", "Catalog", "Checkout", "Currencies", "Emails", "Payments", "Recommendations",
        "Shipping", "Storefront",
    }  # fmt: skip
    there = {path.parents[1].name for path in FOLDER.glob("*/boutique_*/service.py")}
    assert there == set(project.file.project.folders)


def test_the_pictures_of_all_products_are_served():
    (served,) = read_project(FOLDER).files()
    from boutique_catalog.products import read_products

    assert served.prefix == "/static"
    for product in read_products():
        assert (served.folder / product.picture.removeprefix("/static/")).is_file(), product.picture

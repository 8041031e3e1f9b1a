"""`[broker]` of `hanse.toml`: what it may say, and where the password comes from."""

from pathlib import Path

import pytest

from hanse.runtime.broker.broker_table import read_broker
from hanse.runtime.project.project import Project, ProjectError, read_project

SECRET = "nats://hanse:pass@one:4222,nats://hanse:pass@two:4222"


def project(folder: Path, table: str) -> Project:
    (folder / "hanse.toml").write_text(
        f'[project]\nname = "shop"\nservices = ["shop:Shop"]\n[broker]\n{table}\n'
    )
    return read_project(folder)


def broker_of(made: Project, **variables: str):
    return read_broker(made.file.broker, made.sources(variables))


def test_the_url_comes_from_the_table_or_whole_from_outside(tmp_path: Path):
    assert broker_of(project(tmp_path, "")) is None
    made = project(tmp_path, 'url = "nats://one:4222"\nreplicas = 3\nstream_bytes = 2097152')
    found = broker_of(made)
    assert found is not None
    assert (found.urls(), found.replicas, found.stream_bytes) == (["nats://one:4222"], 3, 2**21)
    outside = broker_of(made, HANSE_BROKER__URL=SECRET)
    assert outside is not None
    assert outside.urls() == SECRET.split(",")
    assert "pass" not in repr(outside)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (f'url = "{SECRET}"', "HANSE_BROKER__URL"),
        ('url = "http://one"', "a URL is like nats://user@host:4222"),
        ("replicas = 2", "1, 3 or 5 servers"),
        ("stream_bytes = 10", "1 MiB to 1 TiB"),
        ("port = 4222", "broker.port"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, table: str, said: str):
    with pytest.raises(ProjectError) as caught:
        project(tmp_path, table)
    assert said in str(caught.value)
    assert "hanse.toml:5" in str(caught.value)
    assert "pass@" not in str(caught.value)

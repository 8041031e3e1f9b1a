"""A canary and its twin, from their start to the first share."""

from pathlib import Path
from typing import Any

import pytest

from hanse.fleet.control.hosts.member import Member, MemberRecord
from hanse.fleet.control.hosts.publisher import Publisher
from hanse.fleet.control.hosts.rollout import Rollout
from hanse.fleet.control.region.neighbours import NoNeighbours
from hanse.fleet.control.staging.api import GroupChange, Order
from hanse.fleet.control.staging.stage import Stage
from hanse.fleet.directory.files import DirectoryWriter
from hanse.fleet.engine.program import Program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.gateway.picture import Picture
from hanse.fleet.plan import PlannedGroup, Unit
from hanse.fleet.state import StateFolder

GROUP = PlannedGroup("shop", (Unit(("shop:It",), ("shop.v1.It",), ("shop",)),))
CHANGE = GroupChange(group=GROUP, before="r1", after="r2", services=("shop.v1.It",))


async def test_when_they_have_begun_the_gateway_knows_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, shown = StateFolder(tmp_path), list[Picture]()

    async def push(picture: Picture) -> None:
        shown.append(picture)

    def make(record: MemberRecord, stage: Any = "starting") -> Member:
        """One that is ready as soon as it is started."""
        supervision = Supervision(Program(name=record.name, command=("true",)), state)
        supervision.stage = stage
        monkeypatch.setattr(supervision, "start", lambda: setattr(supervision, "stage", "ready"))
        return Member(record, supervision, state)

    writer = DirectoryWriter(tmp_path / "directory.json", tmp_path / "shares.json")
    publisher = Publisher(writer, push, NoNeighbours())
    publisher.members.append(make(MemberRecord("shop-1", GROUP, "r1", ""), "ready"))
    rollout = Rollout(publisher, make, lambda: None)
    order = Order(deployment="d1", changes=(CHANGE,))

    await Stage(order, publisher, rollout, make, lambda: None).begin()

    [shop] = shown[-1].upstreams
    parts = {part.name: [one.socket for one in part.endpoints] for part in shop.parts}
    assert parts == {"canary": [str(state.gate("shop-2"))], "twin": [str(state.gate("shop-3"))]}

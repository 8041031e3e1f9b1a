"""Lets those go on who stand in line, as many as may: each site's turn comes, and each line's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database
    from hanse.runtime.workflows.limits.limit import Limit
    from hanse.runtime.workflows.model import WorkflowModel

SITES_MAX = 100
LANES_MAX = 1000
"""Of one workflow, that one look comes to; the next goes on behind them."""

AT_ONCE = 100
"""Of one line, in one look."""

ANY_NUMBER = 2**31

# A line is called by its site, a space and its key, and a site has no space in it: so from one site
# to the next, and from one line to the next, by the index, however many stand in each.
SITES = """
with recursive sites(lane) as (
  (select lane from hanse.workflow
   where name = $1 and lane > $2 and admit_time is null and end_time is null
   order by lane limit 1)
  union all
  select (select w.lane from hanse.workflow w
    where w.name = $1 and w.lane > split_part(sites.lane, ' ', 1) || '!'
      and w.admit_time is null and w.end_time is null
    order by w.lane limit 1)
  from sites where sites.lane is not null
)
select split_part(lane, ' ', 1) as site from sites where lane is not null limit $3
"""

LANES = """
select s.site, l.lane from unnest($2::text[], $3::text[]) s(site, after)
cross join lateral (
  with recursive lanes(lane) as (
    (select lane from hanse.workflow
     where name = $1 and lane > s.after and lane < s.site || '!' and admit_time is null
       and end_time is null
     order by lane limit 1)
    union all
    select (select w.lane from hanse.workflow w
      where w.name = $1 and w.lane > lanes.lane and w.lane < s.site || '!'
        and w.admit_time is null and w.end_time is null
      order by w.lane limit 1)
    from lanes where lanes.lane is not null
  )
  select lane from lanes where lane is not null limit $4) l
"""

# Who was canceled runs without having been let in, and is left to who holds it.
ADMIT = """
with places as (
  select l.lane, least(
    $3 - (select count(*) from (
      select from hanse.workflow w
      where w.name = $1 and w.lane = l.lane and w.admit_time is not null and w.end_time is null
      limit $3) running),
    $4 - (select count(*) from (
      select from hanse.workflow w
      where w.name = $1 and w.lane = l.lane and w.admit_time > $5
      limit $4) lately),
    $7) as free
  from unnest($2::text[]) l(lane)
), first as (
  select f.id from places p
  cross join lateral (
    select id from hanse.workflow w
    where w.name = $1 and w.lane = p.lane and w.admit_time is null and w.end_time is null
      and w.state = 'open' and w.holder is null
    order by w.create_time, w.id limit p.free) f
)
update hanse.workflow w set admit_time = $6, wake_time = $6 from first where w.id = first.id
"""


class Admission:
    """That of one host.

    Args:
        database: Where they stand in line.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._models: dict[str, WorkflowModel] = {}
        # Behind what the next look begins: of each workflow a site, of each site a line.
        self._sites: dict[str, str] = {}
        self._lanes: dict[str, dict[str, str]] = {}

    def serve(self, model: WorkflowModel) -> None:
        """Holds instances of a workflow to the limit of its newest version."""
        known = self._models.get(model.name)
        if known is None or known.version < model.version:
            self._models[model.name] = model

    async def admit(self) -> None:
        """Looks at the lines whose turn it is.

        Raises:
            HanseError: As `Database.fetch`.
        """
        for name, model in self._models.items():
            if model.limit is not None and (lanes := await self._next_lanes(name)):
                await self._admit(name, lanes, model.limit)

    async def _next_lanes(self, name: str) -> list[str]:
        sites = await self._next_sites(name)
        if not sites:
            self._lanes.pop(name, None)
            return []
        share, behind = LANES_MAX // len(sites), self._lanes.get(name, {})
        after = [behind.get(site, site) for site in sites]
        found: dict[str, list[str]] = {site: [] for site in sites}
        for row in await self._database.fetch(LANES, name, sites, after, share):
            found[row["site"]].append(row["lane"])
        self._lanes[name] = {site: of[-1] for site, of in found.items() if len(of) == share}
        return [lane for of in found.values() for lane in of]

    async def _next_sites(self, name: str) -> list[str]:
        behind = self._sites.get(name, "")
        sites = [row["site"] for row in await self._database.fetch(SITES, name, behind, SITES_MAX)]
        self._sites[name] = f"{sites[-1]}!" if len(sites) == SITES_MAX else ""
        return sites

    async def _admit(self, name: str, lanes: list[str], limit: Limit) -> None:
        now = self._database.clock.now()
        async with self._database.transaction():
            await self._database.lock(f"workflows {name}")
            await self._database.execute(
                ADMIT, name, lanes, limit.running or ANY_NUMBER, limit.begins or ANY_NUMBER,
                now - (limit.period or timedelta(0)), now, AT_ONCE,
            )  # fmt: skip

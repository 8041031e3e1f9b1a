"""The statements on whose an instance is: noted, proven, exported and erased."""

from __future__ import annotations

from hanse.runtime.data.people.place import Journals
from hanse.runtime.data.personal.keys_used import proof_parts, proven
from hanse.runtime.workflows.failure import ERASED
from hanse.runtime.workflows.journal.entry import ENDED_ERASED

# The keys of $2 and on are held until the commit, and new ones kept; $1 is the site.
HOLD = f"with {proof_parts(2)} select {proven(2)} as done"

# Of an instance that is over nothing is noted any more: whoever wrote for it was too late.
NOTE = """
insert into hanse.workflow_person as p (site_id, subject, workflow, main, ends)
select w.site_id, n.subject, w.id, n.main, n.ends
from unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[]) n(workflow, subject, main, ends)
join hanse.workflow w on w.id = n.workflow and w.state in ('open', 'held')
on conflict (site_id, subject, workflow) do update
  set main = p.main or excluded.main, ends = p.ends or excluded.ends
  where (p.main, p.ends) <> (p.main or excluded.main, p.ends or excluded.ends)
"""

WHOSE = "select subject, main, ends from hanse.workflow_person where workflow = $1"

# To whom a signal is sent: whose the instance is, and that it is under way.
ADDRESSEE = """
select p.subject from hanse.workflow w
left join hanse.workflow_person p on p.workflow = w.id and p.main
where w.id = $1 and w.site_id = $2 and w.name = $3 and w.state in ('open', 'held')
"""

_OF_PERSON = "p.site_id = $1 and p.subject = any($2::text[])"

_COUNT = f"""
select count(*) filter (where p.ends) as number from hanse.workflow_person p where {_OF_PERSON}
"""  # noqa: S608  put together of constants

_INSTANCES = f"""
select w.id, w.name, w.version, w.key, w.state, w.create_time, w.end_time
from hanse.workflow w
where w.id in (select p.workflow from hanse.workflow_person p where {_OF_PERSON})
  and w.id > $3
order by w.id limit 200
"""  # noqa: S608  put together of constants

# `bound` and `slot` are where a value was sealed: that of a child where its parent has it.
_VALUES = """
select 'input' as name, w.id as bound, 'input' as slot, w.input as said
from hanse.workflow w where w.id = $1
union all
select * from (
  select j.place || ' ' || j.kind || ' ' || j.name, j.workflow,
    case when j.kind = 'signal' then 'signal ' || j.name else 'entry ' || j.place end, j.value
  from hanse.journal j where j.workflow = $1 and j.failed is not null order by j.place) entries
union all
select * from (
  select 'signal ' || s.number || ' ' || s.name, s.workflow, 'signal ' || s.name, s.value
  from hanse.workflow_signal s
  where s.workflow = $1 and s.name not like ':%' order by s.number) signals
union all
select 'output', coalesce(w.parent, w.id),
  case when w.parent is null then 'output' else 'entry ' || w.parent_place end, w.output
from hanse.workflow w where w.id = $1 and w.output is not null
"""

# What goes with its person ends where it stands, and nothing is undone: nobody could read of what.
# Its row stays as long as any that is over, so that its id is not taken anew. Who waits for it as
# for a child is told; its own children are canceled.
_ERASE = f"""
with gone as materialized (
  select w.id, w.parent, w.parent_place, w.end_time from hanse.workflow w
  where w.id in (
    select p.workflow from hanse.workflow_person p where {_OF_PERSON} and p.ends
    order by p.workflow limit 200)
  order by w.id for update
), ended as (
  update hanse.workflow w set state = 'canceled', canceling = true, holder = null,
    epoch = w.epoch + 1, wake_time = null, input = '{{}}'::bytea,
    output = '{ERASED.decode()}'::bytea,
    unread = 0, unread_bytes = 0, end_time = coalesce(w.end_time, $3::timestamptz)
  from gone where w.id = gone.id
), forgotten as (
  delete from hanse.journal j using gone where j.workflow = gone.id
), unsent as (
  delete from hanse.workflow_signal s using gone where s.workflow = gone.id
), unnoted as (
  delete from hanse.workflow_person p using gone where p.workflow = gone.id
), counted as (
  update hanse.erasure e set found = jsonb_set(e.found, array['hanse.workflow'],
    to_jsonb(coalesce((e.found ->> 'hanse.workflow')::bigint, 0) + (select count(*) from gone)))
  where e.site_id = $1 and e.subject = $4 and exists (select from gone)
), waiting as (
  select parent as id, count(*) as number from gone
  where end_time is null and parent is not null and parent not in (select id from gone)
  group by parent
), told as (
  update hanse.workflow w set signals = w.signals + waiting.number,
    unread = w.unread + waiting.number,
    unread_bytes = w.unread_bytes + waiting.number * octet_length('{ENDED_ERASED.decode()}'::bytea),
    canceling = w.canceling or coalesce(w.parent in (select id from gone), false),
    wake_time = case when w.holder is null and w.state = 'open' then $3::timestamptz
      else w.wake_time end
  from waiting where w.id = waiting.id and w.state in ('open', 'held')
  returning w.id, w.signals - waiting.number as before
), sent as (
  insert into hanse.workflow_signal (workflow, number, name, value, time)
  select told.id, told.before + row_number() over (partition by told.id order by gone.parent_place),
    ':child ' || gone.parent_place, '{ENDED_ERASED.decode()}'::bytea, $3::timestamptz
  from told join gone on gone.parent = told.id and gone.end_time is null
), canceled as (
  update hanse.workflow w set canceling = true, signals = w.signals + 1,
    wake_time = case when w.holder is null and w.state = 'open' then $3::timestamptz
      else w.wake_time end
  from gone where w.parent = gone.id and w.state in ('open', 'held')
    and w.id not in (select id from gone) and w.id not in (select id from waiting)
)
select count(*) as number from gone
"""  # noqa: S608  put together of constants

PLACE = Journals(
    relation="hanse.workflow",
    count=_COUNT,
    instances=_INSTANCES,
    values=_VALUES,
    erase=_ERASE,
)
"""How whoever exports or erases a person finds what workflows keep of them."""

"""The statements of workflows: each is one round trip, and each write asks who holds what."""

# How long a statement waits for a lock. It is of this statement alone where no transaction is
# around it, and set before the first row is read, for whoever asks `patience` first.
PATIENCE = """
patience as materialized (
  select set_config('lock_timeout', coalesce(${}::text, current_setting('lock_timeout')), true) said
)"""

# What was taken of signals waits no more.
#
# What is held no more is written by nobody: the lock has it that nobody takes an instance between
# this look and the commit. Joined row by row, so that no plan reads the table. All are counted
# before the first is moved: what a statement has changed it passes over when it locks. So it does
# with what a transaction of others has locked, as one that signals: nobody waits here for that.
WRITE = """
with mine as materialized (
  select w.id, w.signals, w.canceling
  from unnest($1::uuid[], $2::bigint[]) g(id, epoch)
  cross join lateral (
    select w.id, w.signals, w.canceling from hanse.workflow w
    where w.id = g.id and w.epoch = g.epoch and w.holder is not null
    for share skip locked) w
), kept as (
  insert into hanse.journal as j (workflow, place, kind, name, failed, attempt, value, time)
  select e.workflow, e.place, e.kind, e.name, e.failed, e.attempt, e.value, e.time
  from unnest($3::uuid[], $4::int[], $5::text[], $6::text[], $7::boolean[], $8::int[], $9::bytea[],
              $10::timestamptz[]) e(workflow, place, kind, name, failed, attempt, value, time)
  where e.workflow in (select id from mine)
  on conflict (workflow, place) do update
    set failed = excluded.failed, attempt = excluded.attempt, value = excluded.value,
        time = excluded.time
    where j.failed is null
), gone as (
  delete from hanse.workflow_signal s
  using unnest($18::uuid[], $19::int[]) t(workflow, number)
  where s.workflow = t.workflow and s.number = t.number and t.workflow in (select id from mine)
  returning s.workflow, octet_length(s.value) as bytes
), less as materialized (
  select workflow as id, count(*) as number, sum(bytes) as bytes from gone group by workflow
), moved as (
  update hanse.workflow w
  set state = m.state, wake_time = m.wake, output = m.output, end_time = m.time, holder = null,
    unread = w.unread - coalesce(less.number, 0),
    unread_bytes = w.unread_bytes - coalesce(less.bytes, 0)
  from unnest($11::uuid[], $12::bigint[], $13::text[], $14::timestamptz[], $15::bytea[],
              $16::int[], $17::timestamptz[]) m(id, epoch, state, wake, output, seen, time)
  join mine on mine.id = m.id
  left join less on less.id = m.id
  where w.id = m.id and w.epoch = m.epoch and w.holder is not null
    and w.signals = coalesce(m.seen, w.signals)
    and (select count(*) from mine) > 0
  returning w.id
), counted as (
  update hanse.workflow w
  set unread = w.unread - less.number, unread_bytes = w.unread_bytes - less.bytes
  from less where w.id = less.id and w.id not in (select id from moved)
)
select mine.id, mine.signals, mine.canceling, moved.id is not null as moved
from mine left join moved on moved.id = mine.id
"""

# Of what was passed over this is still held here, and only locked.
HELD = """
select w.id from unnest($1::uuid[], $2::bigint[]) g(id, epoch)
join hanse.workflow w on w.id = g.id and w.epoch = g.epoch and w.holder is not null
"""

# A row and the entry of the step that wrote it are one transaction: this stands in it.
KEEP = f"""
with {PATIENCE.format(9)}
insert into hanse.journal as j (workflow, place, kind, name, failed, attempt, value, time)
select w.id, $3, $4, $5, false, $6, $7, $8
from hanse.workflow w
where (select said is not null from patience)
  and w.id = $1 and w.epoch = $2 and w.holder is not null
for share
on conflict (workflow, place) do update
  set failed = false, attempt = excluded.attempt, value = excluded.value, time = excluded.time
  where j.failed is null
returning place
"""  # noqa: S608  put together of constants

LOOK = """
select j.place, j.kind, j.name, j.failed, j.attempt, j.value, j.time
from hanse.workflow w
join hanse.journal j on j.workflow = w.id and j.place = $3
where w.id = $1 and w.epoch = $2 and w.holder is not null
"""

COLUMNS = """
w.id, w.site_id, w.name, w.version, w.key, w.locale, w.input, w.epoch, w.signals, w.canceling,
w.parent, w.parent_place, w.link
"""

# Whoever may run it at once holds it from the beginning, if its lease is good.
START = f"""
with {PATIENCE.format(15)}
insert into hanse.workflow (id, site_id, name, version, state, key, locale, input, parent,
  parent_place, lane, link, create_time, holder, epoch, wake_time)
select s.id, s.site_id, s.name, s.version, 'open', s.key, s.locale, s.input, s.parent,
  s.parent_place, s.lane, s.link, $14::timestamptz, l.name,
  case when l.name is null then 0 else 1 end,
  case when l.name is null and s.lane is null then $14::timestamptz end
from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bytea[],
            $8::uuid[], $9::int[], $10::text[], $11::boolean[], $12::text[])
  s(id, site_id, name, version, key, locale, input, parent, parent_place, lane, held, link)
left join hanse.lease l on s.held and l.name = $13 and l.until_time > clock_timestamp()
where (select said is not null from patience)
on conflict (id) do nothing
returning id, epoch
"""  # noqa: S608  put together of constants

# An index range for each version that is served here, in the order that they are given in.
CLAIM = f"""
with due as (
  select w.id
  from unnest($1::text[], $2::int[]) s(name, version)
  cross join lateral (
    select w.id from hanse.workflow w
    where w.name = s.name and w.version = s.version and w.wake_time <= $3 and w.holder is null
    order by w.wake_time limit $4
    for update skip locked) w
  limit $4
)
update hanse.workflow w set holder = l.name, epoch = w.epoch + 1, wake_time = null
from due, hanse.lease l
where w.id = due.id and l.name = $5 and l.until_time > clock_timestamp()
returning {COLUMNS}
"""  # noqa: S608  put together of constants

NEXT = """
select min(n.wake_time) as wake_time
from unnest($1::text[], $2::int[]) s(name, version)
cross join lateral (
  select w.wake_time from hanse.workflow w
  where w.name = s.name and w.version = s.version and w.wake_time is not null
    and w.holder is null
  order by w.wake_time limit 1) n
"""

# Whole instances, one after the other, as far as there is room; none that is too large by itself.
JOURNALS = """
select workflow, place, kind, name, failed, attempt, time, bytes,
  case when bytes <= $2 and before <= $3 then value end as value
from (
  select j.*, sum(octet_length(value)) over (partition by workflow) as bytes,
    sum(octet_length(value)) over (order by workflow) as before
  from hanse.journal j where workflow = any($1)) j
order by workflow, place
"""

SIGNALS = """
select workflow, number, name, bytes,
  case when bytes <= $2 and before <= $3 then value end as value
from (
  select s.*, sum(octet_length(value)) over (partition by workflow) as bytes,
    sum(octet_length(value)) over (order by workflow) as before
  from hanse.workflow_signal s where workflow = any($1)) s
order by workflow, number
"""

JOURNAL = """
select place, kind, name, failed, attempt, value, time
from hanse.journal where workflow = $1 order by place
"""

STANDING = """
select signals, canceling from hanse.workflow
where id = $1 and epoch = $2 and holder is not null
"""

# What hosts held that are no more is due at once, in a new epoch. So is what is held by a lease
# that is over far later than any lasts: it is of a server whose clock was ahead.
FREE = """
update hanse.workflow w set holder = null, epoch = w.epoch + 1, wake_time = $1
where w.id in (
  select w.id from hanse.lease l join hanse.workflow w on w.holder = l.name
  where l.name like 'workflows %' and (l.until_time <= clock_timestamp()
    or l.until_time > clock_timestamp() + interval '1 minute')
  limit $2 for update of w skip locked)
"""

# What this host holds and does not run: the answer to a claim or a start was lost.
GIVE_BACK = """
update hanse.workflow w set holder = null, epoch = w.epoch + 1, wake_time = $2
where w.holder = $1 and w.id <> all($3::uuid[])
"""

LEAVE = """
update hanse.workflow set holder = null, wake_time = $2 where holder = $1
"""

FORGET_HOSTS = """
with gone as (
  delete from hanse.workflow_served s
  where not exists (
    select from hanse.lease l
    where l.name = s.host and l.until_time > clock_timestamp() - interval '1 day')
)
delete from hanse.lease l
where l.name like 'workflows %' and l.until_time < clock_timestamp() - interval '1 day'
  and not exists (select from hanse.workflow w where w.holder = l.name)
"""

GET = """
select id, key, name, version, state, holder, wake_time, create_time, end_time, output, parent,
  parent_place
from hanse.workflow where id = $1 and site_id = $2 and name = $3
"""

# Counted in the row of the instance: who wants to rest has to have seen all of them, and so many
# wait at most that it has not taken.
SIGNAL = """
with sent as (
  update hanse.workflow w set signals = w.signals + 1, unread = w.unread + 1,
    unread_bytes = w.unread_bytes + octet_length($5::bytea),
    wake_time = case
      when w.holder is null and w.state = 'open' and (w.lane is null or w.admit_time is not null)
      then $6::timestamptz else w.wake_time end
  where w.id = $1 and w.site_id = $2 and w.name = $3 and w.state in ('open', 'held')
    and w.unread < $7 and w.unread_bytes + octet_length($5::bytea) <= $8
  returning w.id, w.signals
)
insert into hanse.workflow_signal (workflow, number, name, value, time)
select id, signals, $4, $5, $6 from sent
"""

# A child that ends is a signal to its parent, in the statement that ends it.
END_CHILD = f"""
with {PATIENCE.format(7)}, ended as (
  update hanse.workflow w
  set state = $3, output = $4, end_time = $5, wake_time = null, holder = null
  where (select said is not null from patience)
    and w.id = $1 and w.epoch = $2 and w.holder is not null
  returning w.parent, w.parent_place
), told as (
  update hanse.workflow w set signals = w.signals + 1, unread = w.unread + 1,
    unread_bytes = w.unread_bytes + octet_length($6::bytea),
    wake_time = case when w.holder is null and w.state = 'open' then $5::timestamptz
      else w.wake_time end
  from ended where w.id = ended.parent and w.state in ('open', 'held')
  returning w.id, w.signals, ended.parent_place
), sent as (
  insert into hanse.workflow_signal (workflow, number, name, value, time)
  select id, signals, ':child ' || parent_place, $6, $5::timestamptz from told
)
select count(*) as ended from ended
"""  # noqa: S608  put together of constants

CANCEL = """
with recursive tree as (
  select id from hanse.workflow where id = $1 and site_id = $2 and name = $3
  union
  select w.id from hanse.workflow w join tree on w.parent = tree.id
)
update hanse.workflow w set canceling = true, signals = w.signals + 1,
  wake_time = case when w.holder is null and w.state = 'open' then $4::timestamptz
    else w.wake_time end
from tree where w.id = tree.id and w.state in ('open', 'held')
returning w.id
"""

update tally set count = count + 1;
alter table tally add column note text;
update tally set count = count + 10, note = 'counted';

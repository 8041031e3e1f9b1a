create table tally (site_id text collate "C", name text, count integer, primary key (site_id, name));
insert into tally values ('s', 'made', 1);
insert into tally values ('s', 'filled', 1);

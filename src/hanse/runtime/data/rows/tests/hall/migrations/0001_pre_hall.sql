create table event (
    site_id text collate "C",
    id integer,
    parent integer,
    begins timestamptz,
    ends timestamptz,
    primary key (site_id, id)
);

create table seat (
    site_id text collate "C",
    event integer,
    number integer,
    owner text,
    currency text,
    price numeric not null default 0,
    marks jsonb not null default '{}',
    primary key (site_id, event, number),
    foreign key (site_id, event) references event (site_id, id)
);

create table hold (
    site_id text collate "C",
    number integer,
    owner text,
    primary key (site_id, number)
);

create table currency (code text primary key, name text);
insert into currency values ('eur', 'Euro');

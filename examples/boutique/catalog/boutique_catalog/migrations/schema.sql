create table stock (
    site_id text collate "C",
    product_id text,
    pieces integer not null check (pieces >= 0),
    primary key (site_id, product_id)
);

create table reservation (
    site_id text collate "C",
    order_id text,
    released boolean not null,
    primary key (site_id, order_id)
);

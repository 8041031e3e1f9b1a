"""How many there are of everything, and for which orders some were taken."""

from hanse import Store, sql


class Stock(Store, schema="catalog"):
    """A shelf, and a note for each order; no number on it is ever below zero."""

    put = sql(
        """
        insert into stock (site_id, product_id, pieces) values ($1, $2, $3)
        on conflict (site_id, product_id) do nothing
        """
    )
    left = sql("select pieces from stock where site_id = $1 and product_id = $2", int)
    take = sql(
        """
        update stock set pieces = pieces - $3
        where site_id = $1 and product_id = $2 and pieces >= $3
        returning pieces
        """,
        int,
    )
    put_back = sql("update stock set pieces = pieces + $3 where site_id = $1 and product_id = $2")
    note = sql(
        """
        insert into reservation (site_id, order_id, released) values ($1, $2, $3)
        on conflict (site_id, order_id) do nothing
        returning order_id
        """,
        str,
    )
    give_up = sql(
        """
        update reservation set released = true
        where site_id = $1 and order_id = $2 and not released
        returning order_id
        """,
        str,
    )

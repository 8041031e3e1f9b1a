"""Which functions of PostgreSQL a statement may call: what depends on its arguments alone."""

from __future__ import annotations

_AGGREGATES = """
    any_value array_agg avg bit_and bit_or bool_and bool_or count every grouping json_agg
    json_object_agg jsonb_agg jsonb_object_agg max min mode percentile_cont percentile_disc
    range_agg stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance corr
"""
_WINDOWS = """
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
    row_number
"""
_TEXTS = """
    ascii btrim char_length character_length chr concat concat_ws encode decode initcap left length
    lower lpad ltrim md5 octet_length overlay position quote_ident quote_literal regexp_count
    regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
    regexp_split_to_table repeat replace reverse right rpad rtrim sha256 split_part starts_with
    strpos substr substring to_char to_hex to_number translate trim upper
"""
_NUMBERS = """
    abs cbrt ceil ceiling degrees div exp factorial floor gcd lcm ln log log10 mod pi pow power
    radians round scale sign sqrt trunc width_bucket
"""
_TIMES = """
    date_bin date_part date_trunc extract isfinite justify_days justify_hours make_date
    make_interval make_time make_timestamp make_timestamptz overlaps to_date to_timestamp
"""
_LISTS = """
    array array_append array_cat array_dims array_length array_lower array_ndims array_position
    array_positions array_prepend array_remove array_replace array_to_string array_upper
    cardinality generate_series generate_subscripts string_to_array unnest
"""
_DOCUMENTS = """
    array_to_json json_array_elements json_array_elements_text json_array_length json_build_array
    json_build_object json_each json_each_text json_extract_path json_extract_path_text
    json_object json_object_keys json_strip_nulls json_to_record json_to_recordset json_typeof
    jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
    jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text
    jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists jsonb_path_match
    jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_set jsonb_set_lax
    jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb
"""
_RANGES = """
    daterange int4multirange int4range int8multirange int8range isempty lower_inc lower_inf numrange
    range_merge tsrange tstzmultirange tstzrange upper_inc upper_inf
"""
_CHOICES = "coalesce greatest least nullif num_nonnulls num_nulls row"
_SEARCH = """
    phraseto_tsquery plainto_tsquery setweight to_tsquery to_tsvector ts_headline ts_rank ts_rank_cd
    websearch_to_tsquery
"""

_ALL = (_AGGREGATES, _WINDOWS, _TEXTS, _NUMBERS, _TIMES, _LISTS, _DOCUMENTS, _RANGES, _CHOICES)

ALLOWED = frozenset(name for names in (*_ALL, _SEARCH) for name in names.split())

_MADE_TIMES = """
    date_bin date_trunc make_date make_time make_timestamp make_timestamptz to_date to_timestamp
"""
MOMENTS = frozenset(_MADE_TIMES.split())
"""Those that give a time and read none out of a text, unless by a pattern."""

_TIME = "business time is a parameter: bind clock.now()"
_CHANCE = "chance is a parameter: make it in Python and bind it"
_SESSION = "a session is shared; bind what the statement needs"
_LOCK = "take a lock of the transaction with database.lock(name)"
_SEQUENCE = "a sequence counts over all sites: number the rows of each site, or use a uuid"

_REMEDIES = {
    **dict.fromkeys(
        ("now", "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp",
         "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "age"),
        _TIME,
    ),
    **dict.fromkeys(
        ("random", "random_normal", "setseed", "gen_random_uuid", "uuidv4", "uuidv7",
         "gen_random_bytes", "uuid_generate_v4"),
        _CHANCE,
    ),
    **dict.fromkeys(
        ("current_setting", "set_config", "current_user", "session_user", "current_role", "user",
         "current_schema", "current_catalog", "current_database", "pg_backend_pid"),
        _SESSION,
    ),
    **dict.fromkeys(("nextval", "currval", "lastval", "setval"), _SEQUENCE),
}  # fmt: skip


PRESENT_TIME = (
    "bind the time; a text is read by to_timestamp(text, pattern), and the day of a column is "
    "(column at time zone 'UTC')::date"
)
"""What to do instead of casting what may be the text `now`."""


def remedy_for(name: str) -> str:
    """What to do instead of calling a function that is not allowed."""
    if "advisory" in name:
        return _LOCK
    return _REMEDIES.get(name, "call built-in functions of values alone, or do it in Python")

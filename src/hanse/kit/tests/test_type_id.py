"""TypeIDs by the vectors of their specification, and both ways for every UUID."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.kit.type_id import parse_type_id, type_id, type_ids

ZEROS = "00000000000000000000000000"
VALID = {
    "nil": (ZEROS, "", "00000000-0000-0000-0000-000000000000"),
    "one": ("00000000000000000000000001", "", "00000000-0000-0000-0000-000000000001"),
    "ten": ("0000000000000000000000000a", "", "00000000-0000-0000-0000-00000000000a"),
    "sixteen": ("0000000000000000000000000g", "", "00000000-0000-0000-0000-000000000010"),
    "thirty-two": ("00000000000000000000000010", "", "00000000-0000-0000-0000-000000000020"),
    "max-valid": ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    "valid-alphabet": ("prefix_0123456789abcdefghjkmnpqrs", "prefix", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
    "valid-uuidv7": ("prefix_01h455vb4pex5vsknk084sn02q", "prefix", "01890a5d-ac96-774b-bcce-b302099a8057"),
    "prefix-underscore": (f"pre_fix_{ZEROS}", "pre_fix", "00000000-0000-0000-0000-000000000000"),
    "prefix-63": (f"{'a' * 63}_{ZEROS}", "a" * 63, "00000000-0000-0000-0000-000000000000"),
}  # fmt: skip

INVALID = {
    "prefix-uppercase": f"PREFIX_{ZEROS}",
    "prefix-numeric": f"12345_{ZEROS}",
    "prefix-period": f"pre.fix_{ZEROS}",
    "prefix-non-ascii": f"préfix_{ZEROS}",
    "prefix-spaces": f"  prefix_{ZEROS}",
    "prefix-64-chars": f"{'a' * 64}_{ZEROS}",
    "separator-empty-prefix": f"_{ZEROS}",
    "separator-empty": "_",
    "empty": "",
    "suffix-short": "prefix_1234567890123456789012345",
    "suffix-long": "prefix_123456789012345678901234567",
    "suffix-spaces": "prefix_1234567890123456789012345 ",
    "suffix-newline": f"prefix_{ZEROS}\n",
    "suffix-uppercase": "prefix_0123456789ABCDEFGHJKMNPQRS",
    "suffix-hyphens": "prefix_123456789-123456789-123456",
    "suffix-wrong-alphabet": "prefix_ooooooiiiiiiuuuuuuulllllll",
    "suffix-ambiguous-crockford": "prefix_i23456789ol23456789oi23456",
    "suffix-hyphens-crockford": "prefix_123456789-0123456789-0123456",
    "suffix-overflow": "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz",
    "prefix-underscore-start": f"_prefix_{ZEROS}",
    "prefix-underscore-end": f"prefix__{ZEROS}",
}


@pytest.mark.parametrize("name", VALID)
def test_what_the_specification_calls_valid_is_read_and_written(name):
    text, prefix, uuid = VALID[name]

    assert parse_type_id(text) == (prefix, UUID(uuid))
    assert type_id(prefix, UUID(uuid).int) == text


@pytest.mark.parametrize("name", INVALID)
def test_what_the_specification_calls_invalid_is_refused(name):
    with pytest.raises(ValueError, match="TypeID"):
        parse_type_id(INVALID[name])


@given(st.uuids(), st.uuids())
def test_they_come_back_and_sort_as_their_uuids(one, other):
    first, second = (type_id("contact", uuid.int) for uuid in (one, other))

    assert parse_type_id(first) == ("contact", one)
    assert (first < second) == (one.int < other.int)


@given(st.lists(st.uuids() | st.builds(UUID, int=st.integers(0, 2**128 - 1)), max_size=130))
def test_many_are_written_as_each_is_alone(uuids):
    texts = [type_id("contact", one.int) for one in uuids]
    assert type_ids("contact", [one.bytes for one in uuids]) == texts
    assert type_ids("", [one.bytes for one in uuids]) == [text[8:] for text in texts]

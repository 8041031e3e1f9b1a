"""What is promised of what exists, and of what breaks it; broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

DESCRIBED = "runtime/description/tests/test_description.py::"

CATALOG = below("src/hanse",
    Sabotage("what is handed on may be called in any way", "runtime/description/needs.py",
             "plain = len(uses) == len(kept) and len(of_others) == len(kept) + len(methods)",
             "plain = len(uses) == len(kept)",
             f"{DESCRIBED}test_whatever_is_not_plainly_read_may_call_anything"),
    Sabotage("what is given away may be called in any way", "runtime/description/needs.py",
             "plain = len(uses) == len(kept) and len(of_others)", "plain = len(of_others)",
             f"{DESCRIBED}test_whatever_is_not_plainly_read_may_call_anything"),
    Sabotage("a description of another format is not guessed at",
             "runtime/description/service_description.py",
             "if found == FORMAT:", "if found:",
             f"{DESCRIBED}test_what_is_no_description_is_refused_with_the_way_out"),
    Sabotage("a type says what its JSON may lack", "runtime/contract/describe.py",
             "if (omits and not one.required) or", "if",
             f"{DESCRIBED}test_a_type_says_which_fields_its_json_may_lack"),
    Sabotage("code that cannot be read may call anything", "runtime/description/needs.py",
             "if plain and kept and None not in trees else None", "if plain and kept else None",
             f"{DESCRIBED}test_code_that_cannot_be_read_may_call_anything"),
)  # fmt: skip

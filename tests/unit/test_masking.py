"""Personal values: what is left of a name and an id."""

from hypothesis import given
from hypothesis import strategies as st

from warehouse.masking import mask


def test_a_name_keeps_its_initials() -> None:
    assert mask("Nguyễn Văn An") == "N*** V*** A***"


def test_an_id_keeps_one_digit() -> None:
    assert mask("080123456789") == "0***"


@given(st.text(min_size=2, alphabet=st.characters(categories=["L", "N"])))
def test_nothing_longer_than_a_character_survives(word: str) -> None:
    assert mask(word) == word[0] + "***"

"""Ids and base64url: one text for one value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.kernel import b64
from conclave.kernel.errors import Malformed
from conclave.kernel.ids import ID_BYTES, ID_LENGTH, new_id


def test_an_id_is_22_characters_and_never_comes_twice() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(b64.decode(one, size=ID_BYTES) for one in ids)
    assert {len(one) for one in ids} == {ID_LENGTH}


@given(st.binary(max_size=80))
def test_bytes_survive(data: bytes) -> None:
    assert b64.decode(b64.encode(data), size=len(data)) == data


@pytest.mark.parametrize("text", ["AA==", "AB", "A", "A A", "AA+/", "AA\n", "ÄÄ", "AAAA"])
def test_another_way_of_writing_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        b64.decode(text, size=1)


@pytest.mark.parametrize("text", ["", "A" * 21, "A" * 23, "A" * 21 + "B", "../../../../etc/passwd"])
def test_an_id_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        b64.decode(text, size=ID_BYTES)

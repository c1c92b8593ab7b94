"""kernel/lp.py: what is joined cannot be cut in another place."""

from conclave.kernel.lp import lp


def test_each_part_stands_behind_its_length() -> None:
    assert lp(b"ab", b"") == b"\x00\x00\x00\x02ab\x00\x00\x00\x00"
    assert lp(b"ab", b"c") == lp(b"ab") + lp(b"c")


def test_the_same_bytes_cut_elsewhere_differ() -> None:
    assert lp(b"ab", b"c") != lp(b"a", b"bc") != lp(b"abc")

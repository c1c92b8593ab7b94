"""Lines of CSV (RFC 4180) that a spreadsheet shows and does not work out."""

import csv
import io
from collections.abc import Iterable

# A spreadsheet takes what begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def line(*, cells: Iterable[object]) -> str:
    """Return a line in which no cell is a formula: text that begins as one has ' before it, all else is written as it is.

    Args:
        cells: from the first column on.
    """
    text = io.StringIO()
    csv.writer(text).writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell for cell in cells])
    return text.getvalue()

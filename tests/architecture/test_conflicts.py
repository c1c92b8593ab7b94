"""No file has what a merge left where two had changed the same lines."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# A line of equals signs alone underlines a heading in some formats; no conflict has only that.
MARKERS = ("<" * 7 + " ", "|" * 7 + " ", ">" * 7 + " ")


def marked(*, files: list[Path]) -> list[str]:
    """Return which lines of files begin as a merge's conflict does.

    Args:
        files: which; what is not text is left out.
    """
    found = []
    for file in files:
        content = file.read_bytes() if file.is_file() else b""
        if b"\0" in content or not any(marker.encode() in content for marker in MARKERS):
            continue
        lines = content.decode("utf-8", "replace").splitlines()
        found += [f"{file}:{number}" for number, line in enumerate(lines, start=1) if line.startswith(MARKERS)]
    return found


def test_no_file_has_a_conflict() -> None:
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    files = [ROOT / name for name in names.split("\0") if name]
    assert len(files) > 500
    assert marked(files=files) == []


@pytest.mark.parametrize("marker", MARKERS)
def test_a_conflict_is_found(tmp_path: Path, marker: str) -> None:
    (tmp_path / "text.md").write_text(f"one\n{marker}HEAD\n {marker}indented\n", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\0\n" + marker.encode())
    assert marked(files=sorted(tmp_path.iterdir())) == [f"{tmp_path / 'text.md'}:2"]

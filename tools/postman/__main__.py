"""``python -m tools.postman``: write the collection and its environment anew."""

from __future__ import annotations

from pathlib import Path

from tools.postman.files import FOLDER, generate


def main(folder: Path = FOLDER) -> None:
    """Write all files that are generated."""
    for name, text in generate().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

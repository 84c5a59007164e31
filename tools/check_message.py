"""Holds a commit message to its form (CONTRIBUTING.md): check_message.py FILE, as git calls the hook commit-msg."""

from __future__ import annotations

import sys
from pathlib import Path

LONGEST_SUBJECT = 72


def problems_of(message: str) -> list[str]:
    """What is wrong with the form of a message; lines that begin with # are git's."""
    lines = [
        line for line in message.split("# ------------------------ >8", 1)[0].splitlines() if not line.startswith("#")
    ]
    subject, rest = (lines[0] if lines else ""), lines[1:]
    if subject.startswith(("Merge ", "Revert ", "fixup! ", "squash! ")):
        return []
    found = []
    if not subject.strip():
        found.append("the first line is the subject; it is empty")
    if len(subject) > LONGEST_SUBJECT:
        found.append(
            f"the subject has {len(subject)} characters, more than {LONGEST_SUBJECT}: put the details into the body"
        )
    if subject.endswith("."):
        found.append("the subject is no sentence: no full stop")
    if rest and rest[0].strip():
        found.append("an empty line separates the subject from the body")
    return found


if __name__ == "__main__":
    if problems := problems_of(Path(sys.argv[1]).read_text(encoding="utf-8")):
        sys.exit("\n".join(problems))

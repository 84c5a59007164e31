"""`python -m paragon` is the command `paragon`."""

from .cli import main

main()

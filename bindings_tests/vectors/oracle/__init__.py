"""An oracle for the numeric contract: exact integers, rationals and MPFR, rounded once, shared with no executor."""

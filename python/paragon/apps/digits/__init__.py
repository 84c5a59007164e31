"""`paragon digits`: a small classifier, complete: its options, training, figures of merit, and every artifact of the workbench."""

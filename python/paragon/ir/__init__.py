"""The program and what it is made of: operations, shapes, files, fingerprints. Nothing here computes."""

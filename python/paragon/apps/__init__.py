"""Applications on the core. They share `runs` and use nothing of each other; each brings its packages as an extra."""

"""Data sets with their checksums, and plain arrays in batches."""

from .batches import batches
from .idx import read_idx
from .sets import SETS, Dataset, digits, fashion_mnist, folder, mnist, scale_pixels

__all__ = ["SETS", "Dataset", "batches", "digits", "fashion_mnist", "folder", "mnist", "read_idx", "scale_pixels"]

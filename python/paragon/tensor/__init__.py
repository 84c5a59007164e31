"""Tensors, what is computed with them, and how programs are traced from functions of them."""

"""Widgets: controls around plain functions. Nothing here computes what it shows."""

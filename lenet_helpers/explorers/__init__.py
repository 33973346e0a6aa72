"""The lessons' explorers, one module a topic: plain functions first, then a thin widget."""

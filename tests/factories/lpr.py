"""Reads for tests, made through the loader."""

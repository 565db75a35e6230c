"""Folders of code become zip files."""

"""What the staff of a simulated platform do, whatever its wire format: draw, lock, dispatch, match, judge results.

Pure logic over registries that a platform hands in and one SQLite connection that it owns; nothing here knows JSON,
XML, codes or signatures.
"""

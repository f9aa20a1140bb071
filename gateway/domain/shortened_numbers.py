"""Numbers that a program shortened when it wrote them: 3.70102E+17 was a code of eighteen digits.

A sign behind the E, or a mantissa with one digit before its point, is how programs write: a spreadsheet `3.70102E+17`,
Python and PostgreSQL `3.70102198001011e+17`, Java `3.70102198001011E17`. A plate or a model such as `12E3` is none, and
below a seventh digit nobody shortens.
"""

from __future__ import annotations

_SIGNED = r"[+-]?[0-9]{1,3}(?:\.[0-9]+)?[Ee]\+[0-9]{2,3}"
_UNSIGNED = r"[+-]?[0-9]\.[0-9]+[Ee](?:0?[6-9]|[0-9]?[1-9][0-9])"

# A regular expression for a whole value, with white space around it.
SHORTENED = rf"^\s*(?:{_SIGNED}|{_UNSIGNED})\s*$"

"""Workbooks as departments save them: what a file really is, its sheets, and their cells as text.

fastexcel reads the cells; what it passes over in silence (errors, formulas that were never calculated, digits that a
number lost, what a number format adds, merged cells) is found by a look at the file itself.
"""

from __future__ import annotations

from gateway.transport.workbooks.faults import MESSAGES
from gateway.transport.workbooks.odd_cells import Merge, OddCell, Oddity
from gateway.transport.workbooks.workbook import Sheet, Workbook, open_workbook

__all__ = ["MESSAGES", "Merge", "OddCell", "Oddity", "Sheet", "Workbook", "open_workbook"]

"""Ends the process while it is imported, as a script without a main guard does."""

from __future__ import annotations

import sys

sys.exit("this plugin was written as a script")

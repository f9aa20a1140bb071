"""Cannot be imported: a library that it needs is not installed."""

from __future__ import annotations

import a_library_that_nobody_has  # type: ignore[import-not-found]  # noqa: F401

"""The command line: what operators and admins do from a terminal, in Chinese or in English."""

from __future__ import annotations

import gc
import os

# What a command imports and composes stays until its end: looking through it for garbage after every 700 objects, as
# Python does by itself, takes longer than reading a thousand rows.
_OBJECTS_BETWEEN_LOOKS = 5_000

# How soon polars' allocator gives unused memory back to the system: at once instead of within ten seconds, so that
# what one batch took is not counted beside what the next one takes.
_GIVE_BACK = ("_RJEM_MALLOC_CONF", "dirty_decay_ms:100,muzzy_decay_ms:0")


def main() -> None:
    """Run the command that the terminal asks for, and end the process with its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    os.environ.setdefault(*_GIVE_BACK)  # read when polars is loaded
    from gateway.cli.application import run_command

    code = run_command()
    gc.freeze()  # the process gives back its memory whole: nothing in it need be looked through for garbage
    raise SystemExit(code)

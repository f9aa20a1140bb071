"""Plugins that are broken on purpose, one fault each, to show that the loader catches every one of them.

A plugin author finds here what the gateway refuses at its start; `tests/unit/test_plugin_loader.py` loads them all.
"""

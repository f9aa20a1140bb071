"""Published for plugin authors: contract tests that their connectors inherit, and plugins broken on purpose."""

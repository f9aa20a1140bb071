"""The double-random gateway: feeds move records between outside systems and one exchange model, with evidence."""

__version__ = "0.2.0"

"""The double-random gateway: feeds move records between outside systems and one exchange model, with evidence."""

__version__ = "0.1.0"

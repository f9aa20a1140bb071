"""The simulated publicity system: what `docs/reference/national-publication.md` describes, as one WSGI application."""

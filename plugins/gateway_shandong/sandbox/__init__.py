"""The simulated Shandong platform: what `docs/reference/shandong-sandbox.md` describes, as one WSGI application."""

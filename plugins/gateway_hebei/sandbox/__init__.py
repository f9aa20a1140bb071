"""The simulated Hebei platform: what `docs/reference/hebei-sandbox.md` describes, as one WSGI application."""

"""Push in: departments' systems send their records by HTTP, with a token a department."""

"""A feed from its source to the exchange, and from the exchange to its receipts."""

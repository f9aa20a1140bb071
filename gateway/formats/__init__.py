"""Records to documents by a profile, and what the platform answered back to receipts."""

"""What the gateway talks about: datasets and fields, identifiers, regions, codes. No input, no output."""

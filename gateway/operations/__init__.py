"""What operators do beside running feeds: preview, check, list, trace, export, rehearse."""

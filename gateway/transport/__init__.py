"""The only code that talks to the outside: files, databases, HTTP and the signatures on it."""

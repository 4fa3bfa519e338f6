"""What tests use that look at the program from outside: it knows `interfaces.md` and the wire, not the code."""

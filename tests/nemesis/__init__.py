"""A campaign of faults against real servers, and the checker that judges it: `make faults`."""

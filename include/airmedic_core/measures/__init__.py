"""Says what several checks measure of columns, rows and losses."""

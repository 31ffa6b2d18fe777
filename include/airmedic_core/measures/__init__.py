"""What several checks measure of columns, rows and losses."""

"""One member of each family of Airmedic."""

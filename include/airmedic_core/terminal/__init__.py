"""Says what commands share: their arguments, what they print, and switches that are thrown and taken back."""

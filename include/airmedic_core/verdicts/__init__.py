"""Statistics that turn measurements into verdicts. They know arrays and nothing else."""

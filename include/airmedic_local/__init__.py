"""Runs Airmedic on one machine: starts Airflow and MLflow on loopback and talks to them over HTTP.

The demo, the end-to-end tests, the Airflow tests and the benchmarks use it; production does not, and it is not part of
the wheel. It never imports Airflow or MLflow: it starts their programs and speaks their REST interfaces, as any script
with a token would.
"""

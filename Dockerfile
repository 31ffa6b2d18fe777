# Airflow with Airmedic and everything it needs, at the locked versions.
# The base image and the version in requirements.txt move together.
FROM apache/airflow:3.3.2-python3.12

COPY --chown=airflow:0 requirements.txt /opt/airflow/airmedic/
# The list is complete; following dependencies, pip finds no hash for packages that are wanted with extras.
RUN pip install --no-cache-dir --no-deps --require-hashes -r /opt/airflow/airmedic/requirements.txt

COPY --chown=airflow:0 include /opt/airflow/include
COPY --chown=airflow:0 plugins /opt/airflow/plugins
COPY --chown=airflow:0 dags /opt/airflow/dags

ENV PYTHONPATH=/opt/airflow/include:/opt/airflow/plugins \
    AIRMEDIC_CONTENT=/opt/airflow/include \
    AIRMEDIC_HOME=/opt/airflow/state \
    GX_ANALYTICS_ENABLED=false \
    MLFLOW_DISABLE_TELEMETRY=true \
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR=false

# The command line, without installing the code a second time: what is mounted over these folders is what runs.
RUN mkdir -p /opt/airflow/state && \
    printf '#!/bin/sh\nexec python -m airmedic_core.cli "$@"\n' > /home/airflow/.local/bin/airmedic && \
    chmod +x /home/airflow/.local/bin/airmedic

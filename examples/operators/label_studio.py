"""Makes tasks in Label Studio of the rows that people were asked to label, and takes their labels back."""

from __future__ import annotations

from airflow.sdk import DAG

from airmedic.operators.label_studio import LabelStudioOperator

with DAG("example_label_studio", schedule="@hourly", doc_md=__doc__):
    # The connection holds the address, the token as its password, and {"project": 7} among its extras.
    LabelStudioOperator(task_id="labels", model="orders", connection="label_studio")

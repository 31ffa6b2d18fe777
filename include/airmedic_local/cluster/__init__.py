"""The cluster that ``docker-compose.yaml`` describes, on one machine and without Docker.

``make cluster`` runs it, tells the demo's story in it, kills its worker and restarts its stores on the way, and says
whether anything was lost or done twice.
"""

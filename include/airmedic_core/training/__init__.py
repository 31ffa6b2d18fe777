"""Makes and judges challengers: pipelines, fitting, tuning, the gate, and the adoption of a first champion."""

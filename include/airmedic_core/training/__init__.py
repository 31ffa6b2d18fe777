"""How challengers are made and judged: pipelines, fitting, tuning, the gate, and the adoption of a first champion."""

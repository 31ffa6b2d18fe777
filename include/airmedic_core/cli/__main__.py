"""``python -m airmedic_core.cli`` is the command ``airmedic``."""

import sys

from airmedic_core.cli import main

sys.exit(main())

from __future__ import annotations

import pytest

from airmedic_core.errors import SpecError
from airmedic_core.settings import Settings


def test_the_lease_is_half_a_minute_unless_the_environment_says_otherwise() -> None:
    assert Settings.from_env({}).lease_seconds == 30
    assert Settings.from_env({"AIRMEDIC_LEASE_SECONDS": "90"}).lease_seconds == 90


@pytest.mark.parametrize("written", ["soon", "0", "-5", "nan", "90000"])
def test_a_lease_that_is_no_sensible_number_of_seconds_is_refused(written: str) -> None:
    with pytest.raises(SpecError, match="AIRMEDIC_LEASE_SECONDS is"):
        Settings.from_env({"AIRMEDIC_LEASE_SECONDS": written})

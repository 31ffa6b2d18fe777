from tests.core.diagnose.conftest import empty_home

__all__ = ["empty_home"]

from airmedic.testing import contract_tests

test_our_notifier = contract_tests("notifiers", "log")

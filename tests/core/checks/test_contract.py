from airmedic.testing import contract_tests

test_our_checks = contract_tests("checks")

from airmedic.testing import contract_tests

test_our_changes = contract_tests("changes")

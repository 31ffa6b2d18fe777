from airmedic.testing import contract_tests

test_our_collectors = contract_tests("collectors")

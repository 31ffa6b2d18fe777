from airmedic.testing import contract_tests

test_our_strategies = contract_tests("rollout")

from __future__ import annotations

from airmedic.testing import Arrangement, contract_tests
from tests.core.flavours import models

test_sklearn = contract_tests("flavours", "sklearn", arrange=Arrangement(train=models.pipeline))
test_xgboost_booster = contract_tests("flavours", "xgboost", arrange=Arrangement(train=models.xgboost_booster))
test_xgboost_classifier = contract_tests("flavours", "xgboost", arrange=Arrangement(train=models.xgboost_classifier))
test_lightgbm_booster = contract_tests("flavours", "lightgbm", arrange=Arrangement(train=models.lightgbm_booster))
test_lightgbm_classifier = contract_tests("flavours", "lightgbm", arrange=Arrangement(train=models.lightgbm_classifier))
test_catboost_classifier = contract_tests("flavours", "catboost", arrange=Arrangement(train=models.catboost_classifier))
test_catboost_plain = contract_tests("flavours", "catboost", arrange=Arrangement(train=models.catboost_plain))
test_pyfunc_scores = contract_tests("flavours", "pyfunc", arrange=Arrangement(train=models.wrapped("score")))
test_pyfunc_labels = contract_tests("flavours", "pyfunc", arrange=Arrangement(train=models.wrapped("label")))
test_pyfunc_classes = contract_tests("flavours", "pyfunc", arrange=Arrangement(train=models.wrapped("classes")))

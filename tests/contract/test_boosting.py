"""Estimators of other libraries than scikit-learn, pushed and scored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.test_batch import INPUTS, ROWS, Scored, declare, flat_server


@pytest.fixture(scope="module")
def db() -> Iterator[Toolkit]:
    with servers.under_test() as target, flat_server(target) as made:
        yield made


def test_classifier_of_lightgbm_is_scored(db: Toolkit) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    estimator = lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=2, n_jobs=1, verbose=-1)
    check(db, "Light", "kind", estimator.fit(INPUTS, ROWS["kind"]))


def test_regressors_of_xgboost_and_lightgbm_are_scored(db: Toolkit) -> None:
    xgboost, lightgbm = pytest.importorskip("xgboost"), pytest.importorskip("lightgbm")
    check(db, "Extreme", "size", xgboost.XGBRegressor(n_estimators=5, n_jobs=1).fit(INPUTS, ROWS["size"]))
    light = lightgbm.LGBMRegressor(n_estimators=5, min_child_samples=2, n_jobs=1, verbose=-1)
    check(db, "LightSize", "size", light.fit(INPUTS, ROWS["size"]))


def test_classes_of_xgboost_are_numbers_as_its_label_is(db: Toolkit) -> None:
    xgboost = pytest.importorskip("xgboost")
    check(db, "Flags", "flag", xgboost.XGBClassifier(n_estimators=9, n_jobs=1).fit(INPUTS, ROWS["flag"]))


def check(db: Toolkit, name: str, label: str, estimator: Any) -> None:
    """What is stored is what it predicts here."""
    scored = Scored(db, declare(name), label, estimator)
    scored.run("@return_rows = 0")
    stored, wanted = scored.stored()["predicted"], estimator.predict(INPUTS)
    if label != "size":
        assert stored.tolist() == list(wanted)
        assert stored.nunique() > 1
    else:
        np.testing.assert_allclose(stored, wanted, rtol=1e-6)

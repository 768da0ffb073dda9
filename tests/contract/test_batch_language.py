"""A batch procedure that names an external language runs its script there, whatever the version says."""

from __future__ import annotations

import json
import os

import pytest
from sklearn.linear_model import LinearRegression

from pymlsql.errors import DatabaseError
from tests import servers
from tests.contract.test_batch import INPUTS, ROWS, Scored, declare, flat_server
from tests.interpreters import require_python37


def test_script_runs_in_the_language_that_is_declared() -> None:
    """The other interpreter has no onnxruntime, which is how it shows."""
    if os.environ.get("PYMLSQL_TEST_URL"):
        pytest.skip("PYMLSQL_TEST_URL names a real server; this test starts one of its own")
    home = require_python37().parent.parent
    estimator = LinearRegression().fit(INPUTS, ROWS["size"])
    with servers.running(options=("--python", str(home))) as target, flat_server(target) as db:
        variables = json.dumps({"PYTHONHOME": str(home)})
        db.execute(
            "CREATE EXTERNAL LANGUAGE [Old's Python] FROM (CONTENT = 0xAB, FILE_NAME = 'libPythonExtension.so.1.2',"
            f" ENVIRONMENT_VARIABLES = N'{variables}')"
        )
        here = Scored(db, declare("Here"), "size", estimator, format="onnx")
        there = Scored(db, declare("There", language="Old's Python"), "size", estimator, format="onnx")
        assert len(here.run()) == len(ROWS)
        with pytest.raises(DatabaseError, match="the server's Python has no onnxruntime") as caught:
            there.run()
        assert caught.value.number == 51003

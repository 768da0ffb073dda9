"""The example on a server of its own: tables, modules, data, and a model in the registry."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.engine import Connection, Engine

from pymlsql import connect, database, deployment, migrate
from pymlsql.examples.pdm.declaration import FEATURES, PROJECT
from pymlsql.features import FeatureSet
from tests import servers

RELATIVE = 1e-9
ABSOLUTE_SD = 1e-6


@contextlib.contextmanager
def running_engine() -> Iterator[Engine]:
    """An engine on the server that PYMLSQL_TEST_URL names, else on an embedded one of its own, at base."""
    url = os.environ.get("PYMLSQL_TEST_URL")
    place = contextlib.nullcontext(servers.real(url)) if url else servers.running()
    with place as target, connect(target.sqlalchemy_url) as db:
        yield db.engine


def prepare(engine: Engine, frames: dict[str, pd.DataFrame]) -> None:
    """All tables, the modules, and the frames in them, whatever was there before."""
    migrate.upgrade(engine)
    with engine.begin() as connection:
        deployment.deploy(connection, PROJECT.modules)
    with engine.begin() as connection:
        for table in frames:
            connection.exec_driver_sql(f"DELETE FROM {table}")
    with engine.begin() as connection:
        for table, frame in frames.items():
            if len(frame):
                database.insert_frame(connection, table, frame)


def enable_scripts(engine: Engine) -> None:
    """Switch sp_execute_external_script on, as an administrator does once a server."""
    with engine.connect() as connection:
        auto = connection.execution_options(isolation_level="AUTOCOMMIT")
        auto.exec_driver_sql("EXEC sp_configure 'external scripts enabled', 1")
        auto.exec_driver_sql("RECONFIGURE")


def read(connection: Connection, sql: str, *values: Any) -> pd.DataFrame:
    """A query's rows, column types after the driver."""
    return database.read_frame(connection, sql, values)


def assert_same_features(found: pd.DataFrame, expected: pd.DataFrame, features: FeatureSet = FEATURES) -> None:
    """Same rows and labels; numbers equal within the tolerances that the project states."""
    keys = [column.name for column in features.keys]
    found = found.sort_values(keys, ignore_index=True)
    assert list(found.columns) == list(expected.columns)
    for name in (*keys, features.label.name):
        left, right = (frame[name].astype("object").where(frame[name].notna(), None) for frame in (found, expected))
        assert left.tolist() == right.tolist(), name
    for column in features.features:
        left, right = (frame[column.name].astype("float64").to_numpy() for frame in (found, expected))
        exact = "sd_" not in column.name
        np.testing.assert_allclose(
            left, right, rtol=RELATIVE if exact else 1e-12, atol=1e-12 if exact else ABSOLUTE_SD, err_msg=column.name
        )


def push(connection: Connection, estimator: Any, *, data: bytes | None = None, sha256: bytes | None = None) -> int:
    """Register a fitted classifier as the next champion of the model 'failures'; its version."""
    data = pickle.dumps(estimator, protocol=4) if data is None else data
    types = {column.name: column.sql_type for column in FEATURES.features}
    inputs = [
        {"name": name, "sql_type": types.get(name, "float"), "dtype": "float64"} for name in estimator.feature_names_in_
    ]
    output = {"kind": "classification", "classes": [str(name) for name in estimator.classes_]}
    signature = json.dumps({"version": 1, "inputs": inputs, "output": output})
    sha256 = hashlib.sha256(data).digest() if sha256 is None else sha256
    execute = connection.exec_driver_sql
    if execute("SELECT COUNT(*) FROM ml.models WHERE name = N'failures'").scalar() == 0:
        execute("INSERT INTO ml.models (name) VALUES (N'failures')")
    model_id = execute("SELECT model_id FROM ml.models WHERE name = N'failures'").scalar()
    if execute("SELECT COUNT(*) FROM ml.blobs WHERE sha256 = ?", (sha256,)).scalar() == 0:
        execute("INSERT INTO ml.blobs (sha256, data, size_bytes) VALUES (?, ?, ?)", (sha256, data, len(data)))
    version = execute(
        "SELECT COALESCE(MAX(version), 0) + 1 FROM ml.model_versions WHERE model_id = ?", (model_id,)
    ).scalar()
    execute(
        "INSERT INTO ml.model_versions"
        " (model_id, version, sha256, format, signature, python_version, packages, metrics)"
        " VALUES (?, ?, ?, N'pickle', ?, N'3', N'{}', N'{}')",
        (model_id, version, sha256, signature),
    )
    execute("DELETE FROM ml.model_aliases WHERE model_id = ?", (model_id,))
    execute("INSERT INTO ml.model_aliases (model_id, alias, version) VALUES (?, N'champion', ?)", (model_id, version))
    assert isinstance(version, int)
    return version

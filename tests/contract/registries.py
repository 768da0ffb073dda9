"""Small models for the tests of the registry, and a server with its tables and procedures."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import platform
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import pymlsql
from pymlsql import models, registry
from pymlsql.content import Content
from pymlsql.errors import RegistryError
from pymlsql.runtime import ENABLE_SCRIPTS
from pymlsql.toolkit import Toolkit
from tests import servers

SIGNATURE = models.Signature(
    inputs=tuple(models.Input(name=name, sql_type="float", dtype="float64") for name in ("a", "b")),
    output=models.Output(classes=("no", "yes")),
)


def estimator(seed: int = 0, n_bytes: int = 0) -> LogisticRegression:
    """A fitted classifier of SIGNATURE; with an array of so many random bytes, which no one compresses."""
    rows = np.random.default_rng(seed).random((20, 2))
    fitted = LogisticRegression().fit(rows, np.array(["no", "yes"])[np.arange(20) % 2])
    fitted.feature_names_in_ = np.array(["a", "b"], dtype=object)
    if n_bytes:
        fitted.ballast_ = np.random.default_rng(seed).bytes(n_bytes)
    return fitted


def packed(seed: int = 0, n_bytes: int = 0) -> models.PackedModel:
    """A model ready to push."""
    return of_bytes(pickle.dumps(estimator(seed, n_bytes), protocol=4))


def of_bytes(data: Content, sha256: bytes | None = None) -> models.PackedModel:
    """Any bytes as a model of SIGNATURE."""
    return models.PackedModel(
        data=data,
        sha256=hashlib.sha256(bytes(data)).digest() if sha256 is None else sha256,
        signature=SIGNATURE,
        python_version=platform.python_version(),
        packages=models.client_versions(),
    )


@contextlib.contextmanager
def prepared(target: servers.Target) -> Iterator[Toolkit]:
    """A toolkit on a server with the registry in it and scripts enabled."""
    with pymlsql.connect(target.sqlalchemy_url) as db:
        db.execute_batches(ENABLE_SCRIPTS)
        db.upgrade()
        yield db


def refused(work: Callable[[], Any]) -> int | None:
    """The number of the RegistryError that ``work`` raises."""
    with pytest.raises(RegistryError) as caught:
        work()
    assert "\n" not in str(caught.value)
    return caught.value.number


def check_replay(db: Toolkit) -> None:
    """The events, replayed, give what the tables hold, and each fits those before it."""
    events = registry.read_events(db, limit=1_000_000)[::-1]
    found = registry.replay(events)
    assert found.problems == []
    versions: dict[str, set[int]] = {}
    for row in db.rows(
        "SELECT m.name, v.version FROM ml.model_versions AS v JOIN ml.models AS m ON m.model_id = v.model_id"
    ):
        versions.setdefault(row.name, set()).add(row.version)
    assert {name: known for name, known in found.versions.items() if known} == versions
    aliases = {(m.name, alias): n for m in db.models(archived=True) for alias, n in m.aliases.items()}
    assert found.aliases == aliases

"""The registry with 1,000 models of 20 versions: listing, looking an alias up, promoting; and large bytes in.

Times are medians. What is pushed is always new bytes, which nobody compresses. The bare parameter is the same bytes as
one parameter of `SELECT DATALENGTH(@data)`; a push of them hashes them here, sends them in chunks, has them put
together, hashed and loaded there, and makes the version. Memory is that of a client process of its own, over what it
has before the push, for a file of 1.5 GB.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import Peak, judged, n_bytes, report, server, sized
from sklearn.linear_model import LogisticRegression

import pymlsql
from pymlsql import content, models, registry
from pymlsql.runtime import ENABLE_SCRIPTS

N_MODELS, N_VERSIONS = sized(1_000, 50), 20
N_PUSH_BYTES = sized(200, 20) << 20
N_FILE_BYTES = sized(1_500, 60) << 20
N_ROUNDS = sized(15, 3)
N_PUSHES = sized(3, 1)

FILL = f"""
DECLARE @numbers TABLE (value int NOT NULL PRIMARY KEY);
WITH digits AS (SELECT d FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS v (d))
INSERT INTO @numbers SELECT 1 + a.d + 10 * b.d + 100 * c.d
FROM digits AS a CROSS JOIN digits AS b CROSS JOIN digits AS c;
INSERT INTO ml.models (name) SELECT CONCAT(N'model ', value) FROM @numbers WHERE value <= {N_MODELS};
INSERT INTO ml.model_versions (model_id, version, sha256, format, signature, python_version, packages, metrics)
SELECT m.model_id, s.value, v.sha256, v.format, v.signature, v.python_version, v.packages, v.metrics
FROM ml.models AS m
JOIN @numbers AS s ON s.value <= {N_VERSIONS}
CROSS JOIN (SELECT TOP (1) * FROM ml.model_versions) AS v
WHERE m.name LIKE N'model %';
INSERT INTO ml.model_aliases (model_id, alias, version)
SELECT model_id, a.alias, a.version FROM ml.models
CROSS JOIN (VALUES (N'champion', 3), (N'challenger', 7)) AS a (alias, version) WHERE name LIKE N'model %';
"""

LOOK_UP = """SELECT v.version, v.sha256 FROM ml.models AS m
JOIN ml.model_aliases AS a ON a.model_id = m.model_id
JOIN ml.model_versions AS v ON v.model_id = a.model_id AND v.version = a.version
WHERE m.name = ? AND a.alias = ?"""

SIGNATURE = models.Signature(
    inputs=tuple(models.Input(name=name, sql_type="float", dtype="float64") for name in ("a", "b")),
    output=models.Output(classes=("no", "yes")),
)


def make_model(n_ballast_bytes: int, seed: int) -> models.PackedModel:
    """A classifier with so many random bytes."""
    rows = np.random.default_rng(seed).random((20, 2))
    fitted = LogisticRegression().fit(rows, np.array(["no", "yes"])[np.arange(20) % 2])
    fitted.feature_names_in_ = np.array(["a", "b"], dtype=object)
    fitted.ballast_ = np.random.default_rng(seed).bytes(n_ballast_bytes)
    data = pickle.dumps(fitted, 4)
    return models.PackedModel(
        data=data,
        sha256=hashlib.sha256(data).digest(),
        signature=SIGNATURE,
        python_version=platform.python_version(),
        packages=models.client_versions(),
    )


def seconds(action: Callable[[], Any]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def time_promotions(toolkit: pymlsql.Toolkit) -> float:
    """Seconds of a promotion without a check: the procedure, as T-SQL calls it."""
    sql = "SET NOCOUNT ON; EXEC ml.PromoteModel @model = N'model 7', @version = ?"
    toolkit.execute("EXEC ml.SetPolicy N'require_check', N'0'")
    with toolkit.connect(autocommit=True) as connection:
        taken = [
            seconds(lambda n=number: connection.exec_driver_sql(sql, (n % N_VERSIONS + 1,)))
            for number in range(N_ROUNDS)
        ]
    toolkit.execute("EXEC ml.SetPolicy N'require_check', N'1'")
    return statistics.median(taken)


def time_checked(toolkit: pymlsql.Toolkit) -> float:
    """Seconds of a promotion from Python, with whatever check it makes, of a model of 1 MB."""
    for seed in range(2):
        toolkit.push(make_model(1 << 20, seed), "checked")
    return statistics.median(
        seconds(lambda n=number: toolkit.promote("checked", n % 2 + 1)) for number in range(N_ROUNDS)
    )


def time_pushes(toolkit: pymlsql.Toolkit) -> tuple[list[float], list[float]]:
    """Seconds of the bare parameter and of pushes, in turn."""
    bare, pushes = [], []
    with toolkit.connect(autocommit=True) as connection:
        cursor = connection.connection.cursor()
        for number in range(N_PUSHES):
            model = make_model(N_PUSH_BYTES, 100 + number)
            bare.append(seconds(lambda m=model: cursor.execute("SELECT DATALENGTH(?)", m.data).fetchall()))
            pushes.append(seconds(lambda m=model: toolkit.push(m, "large")))
            del model
        cursor.close()
    return bare, pushes


def client(url: str, path: Path) -> None:
    """The client's side of the memory: everything imported and connected, then one upload of a file."""
    with pymlsql.connect(url) as toolkit:
        registry.upload(toolkit, b"warm", hashlib.sha256(b"warm").digest())
        print("ready", flush=True)
        sys.stdin.readline()
        file = content.FileBytes(path)
        registry.upload(toolkit, file, content.sha256(file))
        print("done", flush=True)
        sys.stdin.readline()


def weigh_upload(url: str, folder: Path) -> tuple[int, float]:
    """Bytes by which a client grows at most while it uploads a large file, and the seconds it takes."""
    path = folder / "large.bin"
    with path.open("wb") as file:
        for number in range(0, N_FILE_BYTES, 1 << 24):
            file.write(np.random.default_rng(number).bytes(min(1 << 24, N_FILE_BYTES - number)))
    line = [sys.executable, __file__, "--client", url, str(path), *sys.argv[1:]]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit("the client did not begin")
        before, started = n_bytes(process.pid), time.perf_counter()
        with Peak(process.pid) as peak:
            print(file=process.stdin, flush=True)
            done = process.stdout.readline() == "done\n"
        taken = time.perf_counter() - started
        with contextlib.suppress(OSError):
            print(file=process.stdin, flush=True)
    path.unlink()
    if not done:
        raise SystemExit("the client did not end its upload")
    return peak.n_bytes - before, taken


def main() -> None:
    """Fill, time, and weigh."""
    with tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as name, server(Path(name, "data")) as target:
        with pymlsql.connect(target.url) as toolkit:
            toolkit.execute_batches(ENABLE_SCRIPTS)
            toolkit.upgrade()
            toolkit.push(make_model(0, 0), "first")
            toolkit.execute(FILL)
            listed = [seconds(lambda: toolkit.models()) for _ in range(N_ROUNDS)]
            if len(toolkit.models()) != N_MODELS + 1:
                raise SystemExit("the list lacks models")
            with toolkit.connect(autocommit=True) as connection:
                cursor = connection.connection.cursor()
                looked = [
                    seconds(lambda: cursor.execute(LOOK_UP, ("model 7", "champion")).fetchall())
                    for _ in range(10 * N_ROUNDS)
                ]
                cursor.close()
            registry.set_policy(toolkit, "require_check", "0")
            promoted = time_promotions(toolkit)
            registry.set_policy(toolkit, "require_check", "1")
            checked = time_checked(toolkit)
            bare, pushes = time_pushes(toolkit)
        grown, taken = weigh_upload(target.url, Path(name))
    report(
        judged("registry.list", statistics.median(listed)),
        judged("registry.alias", 1000 * statistics.median(looked)),
        judged("registry.promote", 1000 * promoted),
        judged("registry.checked", checked),
        judged("registry.push", statistics.median(pushes) / statistics.median(bare)),
        judged("registry.memory", grown / 2**20),
        bare_s=sorted(bare), push_s=sorted(pushes), upload_of_the_file_s=taken, cores=os.cpu_count(),
        listed_s=json.dumps(sorted(listed)),
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        client(sys.argv[2], Path(sys.argv[3]))
    else:
        main()

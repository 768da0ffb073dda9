"""Memory of all processes together while a 200 MB model is pushed and used: the peak's growth over the model's size.

A client process of its own is there, with everything imported and a small model pushed and used, before the baseline
is read; so only what the large model costs is counted, its bytes in the client's hands too.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
from measure import Peak, judged, machine_data, n_bytes, prepare, report, server, sized

import pymlsql
from pymlsql.examples.pdm.declaration import PROJECT

N_MODEL_BYTES = sized(200, 20) * 1024 * 1024
CALL = "EXEC dbo.PredictFailures @machine_id = 3"


def client(url: str, folder: Path) -> None:
    """The client's side; each line read from stdin lets it take the next step."""
    from pymlsql import models

    with pymlsql.connect(url) as toolkit:
        toolkit.push(models.read_model_file(folder / "small.pkl"), alias="champion")
        toolkit.predict(machine_id=3)
        print("ready", flush=True)
        sys.stdin.readline()
        large = models.read_model_file(folder / "large.pkl")
        toolkit.push(large, alias="champion")
        del large
        toolkit.predict(machine_id=3)
        print("done", flush=True)
        sys.stdin.readline()


def make_models(toolkit: pymlsql.Toolkit, folder: Path) -> int:
    """Two models that predict alike, one with 200 MB that nobody compresses or shares; the large file's size."""
    import numpy as np

    from pymlsql import models

    trained = toolkit.train()
    models.write_model_file(folder / "small.pkl", trained.packed)
    estimator = trained.estimator
    estimator.ballast_ = np.random.default_rng(1).bytes(N_MODEL_BYTES)
    models.write_model_file(folder / "large.pkl", models.pack(estimator, trained.packed.signature))
    return (folder / "large.pkl").stat().st_size


def main() -> None:
    """Baseline, push and predict, peak."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pymlsql-bench-") as name, server() as target:
        folder = Path(name)
        line = [sys.executable, __file__, "--make", target.url, name, *sys.argv[1:]]
        maker = subprocess.run(line, check=True, text=True, stdout=subprocess.PIPE)
        size = int(maker.stdout.split()[-1])
        child = subprocess.Popen([sys.executable, __file__, "--client", target.url, str(folder)], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        if child.stdout.readline().strip() != "ready":
            raise SystemExit("the client did not get ready")
        before = n_bytes(target.pid) + n_bytes(child.pid)
        with Peak(target.pid, child.pid) as peak:
            child.stdin.write("\n")
            child.stdin.flush()
            finished = child.stdout.readline().strip()
        child.communicate("\n", timeout=60)
    if finished != "done":
        raise SystemExit("the client did not finish")
    growth = peak.n_bytes - before
    report(judged("memory", growth / size, "PSS"), before_mb=before >> 20, peak_mb=peak.n_bytes >> 20,
           free_mb=psutil.virtual_memory().available >> 20)  # fmt: skip


def make(url: str, folder: Path) -> None:
    """Set up the example and write the two model files."""
    data, _ = machine_data()
    with pymlsql.connect(url) as toolkit:
        prepare(toolkit)
        toolkit.load(data)
        toolkit.apply(PROJECT)
        print(make_models(toolkit, folder))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        client(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--make"]:
        make(sys.argv[2], Path(sys.argv[3]))
    else:
        main()

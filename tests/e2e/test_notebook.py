"""The notebook: executed whole against a server of its own; stored without outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests import servers

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))

EXECUTE = """\
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], as_version=4)
nbclient.NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_the_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    with servers.running() as target:
        environment = {
            **os.environ,
            "PYMLSQL_URL": target.sqlalchemy_url,
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "IPYTHONDIR": str(tmp_path / "ipython"),
            "MPLCONFIGDIR": str(tmp_path / "matplotlib"),
            "JUPYTER_PLATFORM_DIRS": "1",
        }
        done = subprocess.run(
            [sys.executable, "-c", EXECUTE, str(path), str(tmp_path / "done.ipynb")],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    cells = nbformat.read(tmp_path / "done.ipynb", as_version=4).cells
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    n_plots = sum("image/png" in output.get("data", {}) for output in outputs)
    assert n_plots == 3
    assert not [output for output in outputs if output.get("name") == "stderr"], "a cell warns"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_the_notebook_is_stored_without_outputs(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    dirty = [cell.id for cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)]
    assert dirty == []


def test_there_is_a_notebook() -> None:
    assert [path.name for path in NOTEBOOKS] == ["01_predict_failures.ipynb"]

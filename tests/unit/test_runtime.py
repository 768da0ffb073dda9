"""Which versions fit, and what the script that asks for them says."""

from __future__ import annotations

import json
import platform
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sklearn

from pymlsql import runtime
from pymlsql._resources import folder
from pymlsql.runtime import ServerRuntime
from tests.interpreters import require_python37

MADE_WITH = {"scikit-learn": "1.9.1", "numpy": "2.4.6", "pandas": "3.1.1"}


@pytest.mark.parametrize(
    ("packages", "sentence"),
    [
        (MADE_WITH, None),
        ({**MADE_WITH, "numpy": "2.1.0", "pandas": "2.2.0"}, None),
        ({"scikit-learn": "1.9.1", "numpy": "2.4.6"}, None),
        ({**MADE_WITH, "scikit-learn": "1.4.2"}, "made with scikit-learn 1.9.1 and the server has 1.4.2"),
        ({**MADE_WITH, "scikit-learn": "1.9.2"}, "made with scikit-learn 1.9.1 and the server has 1.9.2"),
        ({**MADE_WITH, "numpy": "1.22.0"}, "made with numpy 2.4.6 and the server has 1.22.0"),
        ({"numpy": "2.4.6"}, "has no scikit-learn: pip install scikit-learn==1.9.1"),
    ],
    ids=["same", "patch and pandas", "no pandas", "sklearn minor", "sklearn patch", "numpy major", "absent"],
)
def test_versions_are_compared_before_a_model_is_sent(packages: dict[str, str], sentence: str | None) -> None:
    found = runtime.find_mismatch(MADE_WITH, ServerRuntime("3.10.1", packages))
    if sentence is None:
        assert found is None
    else:
        assert found is not None
        assert sentence in found
        assert "\n" not in found


def run(script: str, **inputs: Any) -> dict[str, Any]:
    return runpy.run_path(str(folder("sql") / script), init_globals=inputs)


def test_the_versions_script_names_what_is_there() -> None:
    versions = json.loads(run(runtime.VERSIONS_SCRIPT, names="sklearn,no_such_package")["versions"])
    assert versions == {"python": platform.python_version(), "sklearn": sklearn.__version__}


SCRIPTS = sorted(path.name for path in Path(folder("sql"), "scripts").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_ascii(script: str) -> None:
    assert Path(folder("sql"), "scripts", script).read_bytes().isascii()


ON_37 = """\
import runpy, sys
print(runpy.run_path(sys.argv[1], init_globals={"names": "sklearn,pandas,no_such_package"})["versions"])
"""


def test_the_script_runs_on_sql_server_2019_s_python() -> None:
    command = [str(require_python37()), "-W", "ignore", "-c", ON_37, str(folder("sql") / runtime.VERSIONS_SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    versions = json.loads(done.stdout)
    assert versions["python"].startswith("3.7.")
    assert set(versions) == {"python", "sklearn", "pandas"}

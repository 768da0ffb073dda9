"""What a model's bytes would import and call if they were loaded, found without loading them.

A scan is a filter for what is plainly wrong, not a proof: a class on the allow-list may still do what its author did
not think of. It never runs, imports or builds what it reads, and gives up at fixed limits.
"""

from __future__ import annotations

import json
import mmap
from dataclasses import dataclass, replace
from typing import Literal

from pymlsql.archives import read_archive, read_onnx, uncompressed
from pymlsql.errors import ModelError
from pymlsql.pickles import Findings, Malformed, walk
from pymlsql.scanrules import Verdict, judge

Outcome = Literal["clean", "unknown", "dangerous"]
"""Only what is on the allow-list; something that is on no list; something that is on the list of the dangerous."""

PICKLES = frozenset(["pickle", "joblib", "cloudpickle", "dill"])
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Import:
    """A name that the bytes ask for, whether they call it, and what the rules say of it."""

    module: str
    name: str
    verdict: Verdict
    is_called: bool = False

    def __str__(self) -> str:
        """`os.system`."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a scan found; `protocol` is the pickle protocol that reading the bytes takes, if they are pickles.

    `sklearn_versions` are those that the estimators say they were pickled by.
    """

    format: str
    outcome: Outcome
    protocol: int | None = None
    imports: tuple[Import, ...] = ()
    dangers: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    sklearn_versions: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence for people."""
        bad = [str(one) for one in self.imports if one.verdict == "dangerous"]
        odd = [str(one) for one in self.imports if one.verdict == "unknown"]
        if self.outcome == "clean":
            return f"{len(self.imports)} imports, all known"
        parts = list(self.dangers)
        if bad:
            parts.append(f"loading it calls or takes {_some(bad)}")
        if self.outcome == "unknown" or not parts:
            parts.extend(self.remarks)
            if odd:
                parts.append(f"it imports {_some(odd)}, which is on no list")
        return "; ".join(parts)

    def to_json(self) -> str:
        """The JSON of ml.model_versions.scan."""
        return json.dumps({
            "outcome": self.outcome, "format": self.format, "protocol": self.protocol,
            "imports": [{"name": str(one), "verdict": one.verdict, "called": one.is_called} for one in self.imports],
            "dangers": list(self.dangers), "remarks": list(self.remarks),
        })  # fmt: skip


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def scan(data: bytes | memoryview | mmap.mmap, format: str) -> ScanReport:
    """Read the bytes of a model of `format` and judge what loading them would do.

    Raises ModelError where they are not of that format at all: truncated, or something else.
    """
    try:
        if format in PICKLES:
            return _scan_pickle(memoryview(data), format)
        if format == "skops":
            names = read_archive(bytes(data))
            return _report(format, None, dict.fromkeys(names, True), [], [])
        remarks = read_onnx(memoryview(data))
        return _report(format, None, {}, [], remarks)
    except Malformed as error:
        raise ModelError(f"These bytes are no {format} model: {error}.") from None


def _scan_pickle(data: memoryview, format: str) -> ScanReport:
    dangers: list[str] = []
    if format == "joblib":
        data, dangers = uncompressed(data)
    if dangers:
        return _report(format, None, {}, dangers, [])
    findings = Findings()
    end = walk(data, findings, with_arrays=format == "joblib")
    if end < len(data) and not findings.stopped:
        findings.remarks.append(f"{len(data) - end:,} bytes follow its end")
    report = _report(format, findings.protocol, findings.imports, findings.dangers, findings.remarks)
    return replace(report, sklearn_versions=tuple(sorted(findings.versions)))


def _report(format: str, protocol: int | None, names: dict[tuple[str, str], bool], dangers: list[str],
            remarks: list[str]) -> ScanReport:  # fmt: skip
    imports = tuple(Import(*key, judge(*key), called) for key, called in sorted(names.items()))
    verdicts = {one.verdict for one in imports}
    outcome: Outcome = "clean"
    if dangers or "dangerous" in verdicts:
        outcome = "dangerous"
    elif remarks or "unknown" in verdicts:
        outcome = "unknown"
    return ScanReport(format, outcome, protocol, imports, tuple(dict.fromkeys(dangers)), tuple(dict.fromkeys(remarks)))

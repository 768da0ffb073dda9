"""Small wheels for tests, made here: real archives, of which nothing was built."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence


def make_wheel(
    name: str,
    files: Mapping[str, str | bytes],
    *,
    version: str = "1.0",
    tags: Sequence[str] = ("py3-none-any",),
    requires: str = "",
) -> bytes:
    """A wheel of ``files`` by name; ``requires`` is its Requires-Python."""
    info = f"{name}-{version}.dist-info"
    wheel = ["Wheel-Version: 1.0", "Generator: tests", "Root-Is-Purelib: true", *(f"Tag: {tag}" for tag in tags)]
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Python: {requires}"] if requires else []
    about = {f"{info}/METADATA": "\n".join(metadata) + "\n", f"{info}/WHEEL": "\n".join(wheel) + "\n"}
    return make_zip({**files, **about, f"{info}/RECORD": ""})


def make_zip(files: Mapping[str | zipfile.ZipInfo, str | bytes] | Mapping[str, str | bytes]) -> bytes:
    """A zip archive of ``files``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def literal(data: bytes) -> str:
    """As a varbinary literal of T-SQL."""
    return f"0x{data.hex()}"

"""Names of models and aliases."""

from __future__ import annotations

import re

from pymlsql.errors import RegistryError

MAX_NAME = 128


def check_name(name: str, what: str) -> None:
    """Raises RegistryError where a model's, alias's or tag's name cannot be one; an emoji counts twice, as in T-SQL."""
    n_units = len(name.encode("utf-16-le", "surrogatepass")) // 2
    if not 1 <= n_units <= MAX_NAME or name != name.strip() or re.search(r"[\x00-\x1f\ud800-\udfff]", name):
        article = "an" if what == "alias" else "a"
        raise RegistryError(
            f"{name!r} cannot be the name of {article} {what}: 1 to {MAX_NAME} characters, no blanks at the ends."
        )

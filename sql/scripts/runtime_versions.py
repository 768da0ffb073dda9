# Versions of this Python and of the packages asked for.
# in:  names     nvarchar   import names, joined by commas
# out: versions  nvarchar   JSON object: "python" and each package that is there
import contextlib
import importlib
import json
import platform

found = {"python": platform.python_version()}
for name in names.split(","):
    with contextlib.suppress(ImportError):
        found[name] = str(importlib.import_module(name).__version__)
versions = json.dumps(found, sort_keys=True)

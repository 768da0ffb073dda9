"""Scripts that are right by Microsoft's documentation and fail on the embedded server: name -> reason, strict xfails.

Closing a gap deletes its row.
"""

from __future__ import annotations


class Gap(Exception):
    """What a script with a known gap fails with; anything else is a failure of the tests."""


GAPS: dict[str, str] = {}

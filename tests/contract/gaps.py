"""What the embedded server is known not to do yet: case name -> reason. Closing a gap deletes its row.

Each is a strict xfail there, and only there. A reason that begins with "wrong" is a defect: an answer that SQL Server
would not give.
"""

from __future__ import annotations

REFUSED = "refused with Msg 40510"
"""The reason of a gap that is a refusal; any other number, or a wrong answer, is then a failure."""

REFUSALS: dict[str, str] = {
}

FOREIGN: dict[str, str] = {
}

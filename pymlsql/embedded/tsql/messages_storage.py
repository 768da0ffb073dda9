"""Messages about files and space: the texts of sys.messages, without the advice behind their first sentences."""

from __future__ import annotations

MESSAGES_STORAGE: dict[int, tuple[int, str]] = {
    823: (24, "The operating system returned error {} to SQL Server during a {} at offset 0x0000000000000000 in file "
          "'{}'. Additional messages in the SQL Server error log and operating system error log may provide more "
          "detail."),
    824: (24, "SQL Server detected a logical consistency-based I/O error: {}. It occurred during a {} of page (0:0) in "
          "database ID 5 at offset 0x0000000000000000 in file '{}'."),
    1105: (17, "Could not allocate space for object '{}'{} in database '{}' because the '{}' filegroup is full."),
}  # fmt: skip

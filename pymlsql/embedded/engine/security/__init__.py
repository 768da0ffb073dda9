"""Who may do what: logins, users, roles, permissions, and the context that a session's statements run in."""

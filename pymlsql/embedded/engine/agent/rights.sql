-- Who may do what: sql-docs, "SQL Server Agent Fixed Database Roles".
CREATE ROLE SQLAgentUserRole;
CREATE ROLE SQLAgentReaderRole;
CREATE ROLE SQLAgentOperatorRole;
GO
ALTER ROLE SQLAgentUserRole ADD MEMBER SQLAgentReaderRole;
ALTER ROLE SQLAgentReaderRole ADD MEMBER SQLAgentOperatorRole;
GO
GRANT SELECT ON dbo.syscategories TO SQLAgentUserRole;
GRANT SELECT ON dbo.sysjobs_view TO SQLAgentUserRole;
GO

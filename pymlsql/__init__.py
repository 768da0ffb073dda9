"""pymlsql: machine learning inside SQL Server, as code.

Importing this package stays light: the toolkit's verbs load what they need when they are called.
"""

__version__ = "0.1.0"

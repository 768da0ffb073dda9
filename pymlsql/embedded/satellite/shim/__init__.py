"""Modules that scripts import under the names they have on SQL Server."""

"""SQLAlchemy's test suite for dialects: run by tests/contract/test_sqlalchemy_suite.py."""

"""Certificates, signatures over modules, and what signs and verifies them."""

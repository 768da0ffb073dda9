"""Bank marketing: who takes the deposit that a telephone call offers; a flat table with categories."""

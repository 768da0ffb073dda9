"""Resource Governor: external resource pools, workload groups, and what they limit."""

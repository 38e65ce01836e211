"""What replicas share: locks, rate windows, event logs, signals; in memory or in Redis."""

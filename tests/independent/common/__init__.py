"""What the programs share: how keys sign, and HTTP over TLS."""

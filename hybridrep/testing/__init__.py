"""What tests, `chaos/` and `benchmarks/` share: small studies, servers, hostile inputs."""

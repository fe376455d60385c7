"""Model profiles: manifests, builders, weights and devices."""

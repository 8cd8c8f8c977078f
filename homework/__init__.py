"""What this report computes of the network: data, checks, runs, mistakes, memorization."""

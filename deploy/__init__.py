"""Setting up a checkout: the Python environment, the toolchains, the builds, the browsers."""

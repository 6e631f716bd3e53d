"""The entry point `nback_geometry`: see `hybridrep.command`."""

from hybridrep.command import main

if __name__ == "__main__":
    main("nback_geometry")

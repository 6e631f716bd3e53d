"""The entry point `nback_decode`: see `hybridrep.command`."""

from hybridrep.command import main

if __name__ == "__main__":
    main("nback_decode")

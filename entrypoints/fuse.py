"""The entry point `fuse`: see `hybridrep.command`."""

from hybridrep.command import main

if __name__ == "__main__":
    main("fuse")

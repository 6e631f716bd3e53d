"""The entry point `measure`: see `hybridrep.command`."""

from hybridrep.command import main

if __name__ == "__main__":
    main("measure")

"""`python -m hanse.cli`, the same as `hanse`."""

from hanse.cli import main

if __name__ == "__main__":
    main()

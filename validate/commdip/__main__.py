"""``python -m commdip`` is the command line."""

from commdip.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

"""``python -m commdip`` is the command line."""

from commdip.cli import program

if __name__ == "__main__":
    program()

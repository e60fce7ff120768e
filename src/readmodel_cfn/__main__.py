"""The entry point of `readmodel-cfn` and of `python -m readmodel_cfn`."""

import sys


def run() -> None:
    """Run the command line; Ctrl-C during the imports prints one line too."""
    try:
        from readmodel_cfn.cli import main
    except KeyboardInterrupt:
        sys.exit("Error: interrupted; run the command again")
    main(prog_name="readmodel-cfn")


if __name__ == "__main__":
    run()

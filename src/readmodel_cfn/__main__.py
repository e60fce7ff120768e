"""The program: `readmodel-cfn`, which is `python -m readmodel_cfn` too."""

import sys


def run() -> None:
    """Run it; an interruption is one line however early it comes."""
    try:
        from readmodel_cfn.cli import main
    except KeyboardInterrupt:
        sys.exit("Error: interrupted; run the command again")
    main(prog_name="readmodel-cfn")


if __name__ == "__main__":
    run()

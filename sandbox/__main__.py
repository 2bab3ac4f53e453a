"""The command ``python -m sandbox``."""

import argparse
import errno
import sys
from collections.abc import Callable, Sequence

from sandbox.app import create_sandbox
from sandbox.options import Options
from sandbox.server import Server, listen
from sandbox.wire import BASE_PATH


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a sandbox until a signal ends it."""
    args = vars(_parser().parse_args(arguments))
    host, port = args.pop("host"), args.pop("port")
    options = Options(**args)
    try:
        listener = listen(host, port)
    except OSError as error:
        reason = f"cannot listen on {host}:{port}: {error.strerror}"
        if error.errno == errno.EADDRINUSE:
            reason = f"port {port} is in use"
        sys.exit(f"sandbox: {reason}")
    shown_host = f"[{host}]" if ":" in host else host
    address = f"http://{shown_host}:{listener.getsockname()[1]}{BASE_PATH}"
    line = f"sandbox: generation {options.generation}, seed {options.seed}, {address}"
    Server(listener, lambda: create_sandbox(options), lambda: _announce(line)).run()


def _announce(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("sandbox", description="A stand-in for the offers service.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=_number(int, 0, 65535), default=8081, help="0 takes a free one (8081)")
    add("--generation", type=int, choices=(1, 2), default=2, help="of the service (2)")
    add("--seed", type=int, default=1, help="of the market (1)")
    add("--tick-s", type=_number(float, 0), default=60.0, help="0: only by hand (60)")
    add("--token-ttl-s", type=_number(int, 0), default=300, help="of access tokens (300)")
    add("--refresh-token", metavar="UUID", help="the only right one (default: any UUID)")
    add("--latency-ms", type=_number(float, 0), default=0.0, help="before each answer (0)")
    add("--error-rate", type=_number(float, 0, 1), default=0.0, help="share of 500s (0)")
    return parser


def _number(
    kind: Callable[[str], float], low: float, high: float = float("inf")
) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high or value == float("inf"):
            raise argparse.ArgumentTypeError(f"{text!r} is out of range or no number")
        return value

    return read


if __name__ == "__main__":
    main()

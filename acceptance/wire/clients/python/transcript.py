"""Features of a client, run one after the other; what each saw is printed under `=== name`.

Only what a program can see is printed: values with their Python type, column names, type OIDs, command tags, SQLSTATEs. Messages are
not: every server words them in its own way. A line that begins with `!!!` is a feature that ended before its end.
"""

import asyncio
import inspect
import os
import signal
import sys
import traceback

SECONDS_PER_FEATURE = 30

HOST = os.environ["PGHOST"]
PORT = int(os.environ["PGPORT"])
DATABASE = os.environ["PGDATABASE"]
USER = os.environ["PGUSER"]
PASSWORD = os.environ["PGPASSWORD"]

_features = []


def feature(name):
    """Marks a function, plain or async, as the feature of that name."""

    def register(work):
        _features.append((name, work))
        return work

    return register


def show(*values):
    print(*(value if isinstance(value, str) else describe(value) for value in values), flush=True)


def describe(value):
    """The value with its type, where the type is not obvious from the way it prints."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        inner = ", ".join(describe(one) for one in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{describe(key)}: {describe(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"bytes {bytes(value).hex()}"
    return f"{type(value).__name__} {value}"


def sqlstate(error):
    for name in ("sqlstate", "pgcode"):
        state = getattr(error, name, None)
        if state:
            return state
    for inner in (getattr(error, "orig", None), error.__cause__):
        if inner is not None and inner is not error:
            return sqlstate(inner)
    arguments = getattr(error, "args", ())
    # pyodbc gives the SQLSTATE as the first argument.
    return arguments[0] if len(arguments) > 1 and isinstance(arguments[0], str) and len(arguments[0]) == 5 else None


def show_error(error):
    show(f"error {type(error).__name__} {sqlstate(error)}")
    print(f"{type(error).__name__}: {error}", file=sys.stderr)


class fails:
    """`with fails(): …` prints the SQLSTATE of the error that the block must raise."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if error is None:
            show("no error")
            return False
        if isinstance(error, (_TimeUp, KeyboardInterrupt, SystemExit)):
            return False
        show_error(error)
        return True

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, error, trace):
        return self.__exit__(kind, error, trace)


class _TimeUp(BaseException):
    pass


def _time_up(*_):
    raise _TimeUp


def run():
    """Runs all features, or those named on the command line."""
    wanted = sys.argv[1:]
    signal.signal(signal.SIGALRM, _time_up)
    # dbt imports the running script once more, which would append every feature again.
    for name, work in list(_features):
        if wanted and name not in wanted:
            continue
        show(f"=== {name}")
        signal.alarm(SECONDS_PER_FEATURE)
        try:
            if inspect.iscoroutinefunction(work):
                asyncio.run(work())
            else:
                work()
        except _TimeUp:
            show("!!! no answer in time")
        except Exception as error:
            show(f"!!! {type(error).__name__} {sqlstate(error)}")
            traceback.print_exc(limit=4)
        finally:
            signal.alarm(0)

"""Asks seqtune what to try: the Python program evaluates, seqtune proposes hyperparameters and learns from the results.

Copy this one file beside your program, or put its folder on PYTHONPATH; it needs Python 3.10, nothing else, and the
program `seqtune`:

    from seqtune import Optimizer

    space = {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "model": {"type": "categorical", "choices": ["mlp", "lstm"]},
        "layers": {"type": "int", "low": 1, "high": 3, "when": {"model": "lstm"}},
    }
    with Optimizer(space, direction="maximize", seed=1) as optimizer:
        for _ in range(30):
            trial = optimizer.ask()
            optimizer.tell(trial, train(trial.params))
        print(optimizer.best())

The parameters are written as in a study file. `storage="results/mine"` keeps the trials in a study directory: the same
program started again goes on there, and `seqtune best`, `trials`, `export` and `view` read it.

Where the study should start the training, survive its crashes and go on from checkpoints, use `seqtune_worker.py`
instead.
"""

from __future__ import annotations

import json
import math
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, overload

__all__ = ["Ended", "Exhausted", "NotFound", "Optimizer", "Refused", "SeqtuneError", "Trial"]

PROTOCOL = 1
# How long the program may take to leave once its input has ended.
PATIENCE_SECONDS = 10.0

Direction = Literal["minimize", "maximize"]
Cause = Literal["bad_params", "diverged", "out_of_memory", "crashed", "timed_out", "interrupted"]


class SeqtuneError(Exception):
    """What can go wrong here. Its text is one sentence for people."""


class NotFound(SeqtuneError):
    """There is no program `seqtune`, or it is another one."""


class Refused(SeqtuneError):
    """seqtune refused what was asked; nothing has changed."""


class Exhausted(Refused):
    """All points of a finite space have been tried."""


class Ended(SeqtuneError):
    """The program `seqtune` has ended, or this optimizer was closed."""


@dataclass(frozen=True)
class Trial:
    """A point to try, or one that was tried."""

    id: int
    """Its number."""
    params: dict[str, Any]
    """The parameters that exist at this point, and only those."""
    values: tuple[float, ...] = ()
    """Of a finished trial: one value for each objective."""
    constraints: tuple[float, ...] = field(default=())
    """Of a finished trial: one value for each outcome constraint; 0 or less is satisfied."""

    @property
    def value(self) -> float | None:
        """The value, where there is one objective and the trial has finished."""
        return self.values[0] if len(self.values) == 1 else None


class Optimizer:
    """A search. Use it in a `with` block, or call `close` at the end.

    Args:
        space: Parameters by name, or a list of them each with its "name", written as in a study file:
            `{"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True}}`. A list may also hold
            `{"constraint": "layers * width <= 512"}`.
        direction: "minimize", "maximize", or a list of these for several objectives.
        outcome_constraints: How many constraint values come with each result.
        sampler: A name such as "tpe", or a dictionary with its "type" and options; None lets seqtune choose.
        pruner: A dictionary with its "type" and options.
        seed: The same seed and the same calls give the same trials.
        trials: How many there will be, a hint.
        storage: A study directory to keep the trials in. One that exists is gone on with.
        program: The program `seqtune`; else the environment variable SEQTUNE, else it is looked for on PATH.

    Calls from several threads are made one after the other.
    """

    def __init__(
        self,
        space: Mapping[str, Mapping[str, Any]] | Sequence[Mapping[str, Any]],
        *,
        direction: Direction | Sequence[Direction] = "minimize",
        outcome_constraints: int = 0,
        sampler: str | Mapping[str, Any] | None = None,
        pruner: Mapping[str, Any] | None = None,
        seed: int = 0,
        trials: int | None = None,
        storage: str | os.PathLike[str] | None = None,
        program: str | os.PathLike[str] | None = None,
    ) -> None:
        self._lock = threading.RLock()
        # Requests so far. Replies come in their order, so a request and its reply have the same number.
        self._sent = 0
        self._several = not isinstance(direction, str) and len(direction) > 1
        if isinstance(space, Mapping):
            space = [{"name": name, **parameter} for name, parameter in space.items()]
        first: dict[str, Any] = {
            "space": list(space),
            "direction": direction if isinstance(direction, str) else list(direction),
            "outcome_constraints": outcome_constraints,
            "sampler": sampler,
            "pruner": pruner,
            "seed": seed,
            "n_trials": trials,
            "storage": None if storage is None else os.fspath(storage),
        }
        line = _line({key: value for key, value in first.items() if value is not None})
        self._program = _find(program)
        self._process = _start(self._program)
        self._replies = _Replies(self._process)
        try:
            opened = self._exchange_line(line)
        except Ended as error:
            raise NotFound(f"{self._program} does not know `ask-tell`; is it seqtune? ({error})") from None
        except BaseException:
            self.close()
            raise
        if opened.get("protocol") != PROTOCOL:
            self.close()
            raise NotFound(
                f"seqtune speaks protocol {opened.get('protocol')}, and this file {PROTOCOL}; take those of one version"
            )

    @overload
    def ask(self) -> Trial: ...

    @overload
    def ask(self, count: int) -> list[Trial]: ...

    def ask(self, count: int | None = None) -> Trial | list[Trial]:
        """The next point to try; with a count, a list of so many, or fewer where a finite space has no more.

        Points may be asked for before others are told: they run side by side.

        Raises:
            Exhausted: All points of a finite space have been tried.
        """
        trials = [_trial(trial) for trial in self._exchange({"ask": 1 if count is None else count})["trials"]]
        return trials[0] if count is None else trials

    def tell(
        self,
        trial: Trial | int,
        value: float | Sequence[float] | None = None,
        *,
        constraints: Sequence[float] | None = None,
        state: Literal["completed", "pruned", "failed"] = "completed",
        cause: Cause | None = None,
    ) -> None:
        """How a trial ended: with its value (a list of them where there are several objectives), or its state.

        A value that is NaN or infinite is told as a failure. `cause` says why a trial failed: "bad_params", "diverged"
        and "out_of_memory" are the point's own fault and are learned from; "crashed", "timed_out" and "interrupted" say
        nothing about it.

        Raises:
            Refused: The trial is not running, or the result does not fit the study.
        """
        told = {"id": _number(trial), **_outcome(value, constraints, state, cause)}
        self._exchange({"tell": told})

    def report(self, trial: Trial | int, step: int, value: float) -> bool:
        """A value on the way, at a step from 1 on. Returns whether to stop: then `tell(trial, state="pruned")`."""
        return bool(self._exchange({"report": {"id": _number(trial), "step": step, "value": value}})["prune"])

    def add(
        self,
        params: Mapping[str, Any],
        value: float | Sequence[float] | None = None,
        *,
        constraints: Sequence[float] | None = None,
        state: Literal["completed", "pruned", "failed"] = "completed",
        cause: Cause | None = None,
    ) -> int:
        """A trial that was evaluated elsewhere; it is learned from. Returns its number."""
        added = {"params": dict(params), **_outcome(value, constraints, state, cause)}
        return int(self._exchange({"add": [added]})["ids"][0])

    def add_all(self, trials: Iterable[tuple[Mapping[str, Any], float | Sequence[float]]]) -> list[int]:
        """Trials that were evaluated elsewhere, as pairs of parameters and value: all of them or none."""
        added = [{"params": dict(params), **_outcome(value, None, "completed", None)} for params, value in trials]
        return [int(number) for number in self._exchange({"add": added})["ids"]]

    def best(self) -> Trial | None:
        """The best completed trial; None before there is one. With several objectives see `pareto`."""
        if self._several:
            raise SeqtuneError("several objectives have no single best trial; ask for pareto()")
        return next(iter(self.pareto()), None)

    def pareto(self) -> list[Trial]:
        """The completed trials that no other one beats in one objective without losing in another."""
        return [_trial(trial) for trial in self._exchange({"best": True})["trials"]]

    def close(self) -> None:
        """Ends the program. What is kept in a study directory stays there."""
        with self._lock:
            process = self._process
            try:
                if process.stdin is not None:
                    process.stdin.close()
            except OSError:
                pass  # It has gone before.
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._replies.close()

    def __enter__(self) -> Optimizer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._exchange_line(_line(request))

    def _exchange_line(self, line: bytes) -> dict[str, Any]:
        with self._lock:
            stdin = self._process.stdin
            if stdin is None or stdin.closed:
                raise Ended("this optimizer is closed")
            try:
                self._sent += 1
                stdin.write(line)
                stdin.flush()
            except OSError:
                raise self._ended() from None
            except BaseException:
                # Half a line may be out, or none: whether a reply will come is not known any more.
                self._process.kill()
                raise
            try:
                reply = json.loads(self._replies.wait(self._sent) or b"")
            except ValueError:
                raise self._ended() from None
            if not isinstance(reply, dict):
                raise self._ended()
        error = reply.get("error")
        if error is None:
            return reply
        exhausted = "points of the space have been tried" in error
        raise (Exhausted if exhausted else Refused)(error)

    def _ended(self) -> Ended:
        """What to raise where the program says nothing more, or something else."""
        self.close()
        return Ended(f"the program {self._program} has ended with code {self._process.returncode}")


class _Replies:
    """What the program says, line by line, read in a thread of its own.

    Signals interrupt the main thread only. Were it to read, Ctrl-C could come after the system had handed over a part of a reply
    and before that was kept, and the next call would wait for it for ever. Here an interrupted call leaves nothing half done:
    its reply is counted when it comes, and nobody looks at it.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        # How many replies there were, and the last of them: one value, so that both change at once.
        self._last = (0, b"")
        self._ended = False
        # Something has come. What it holds says nothing: a waiting call may be interrupted with it in its hands.
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, name="seqtune replies", daemon=True)
        self._thread.start()

    def wait(self, number: int) -> bytes | None:
        """The reply of that number, which no later request may have followed yet; None where the program has ended."""
        while self._last[0] < number:
            if self._ended:
                # It may have said its last words in between.
                return self._last[1] if self._last[0] == number else None
            self._news.get()
        return self._last[1]

    def close(self) -> None:
        """To be called when the program has ended, and its output with it."""
        self._thread.join(PATIENCE_SECONDS)
        if not self._thread.is_alive() and self._process.stdout is not None:
            self._process.stdout.close()

    def _listen(self) -> None:
        try:
            for line in self._process.stdout or ():
                self._last = (self._last[0] + 1, line)
                self._news.put(None)
        finally:
            self._ended = True
            self._news.put(None)


def _find(program: str | os.PathLike[str] | None) -> str:
    """The program: as an argument, from the environment, from PATH."""
    named = os.fspath(program) if program is not None else os.environ.get("SEQTUNE")
    found = shutil.which(named or "seqtune")
    if found is not None:
        return found
    if named:
        raise NotFound(f"there is no program {named}; name the program seqtune with program= or SEQTUNE")
    raise NotFound("seqtune is not on PATH; name the program with program= or the environment variable SEQTUNE")


def _start(program: str) -> subprocess.Popen[bytes]:
    # Away from the terminal's Ctrl-C: it is for the program that asks, which may still have something to tell.
    apart: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        apart = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    try:
        return subprocess.Popen([program, "ask-tell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **apart)
    except OSError as error:
        raise NotFound(f"{program} cannot be started: {error.strerror or error}") from None


def _line(request: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(request, allow_nan=False, default=_plain).encode() + b"\n"
    except ValueError:
        raise SeqtuneError("NaN and infinities cannot be sent; tell such a trial as failed") from None
    except TypeError as error:
        raise SeqtuneError(f"this cannot be sent: {error}") from None


def _plain(value: Any) -> Any:
    """Numbers and arrays of other libraries as Python's own."""
    for name in ("tolist", "item"):
        convert = getattr(value, name, None)
        if callable(convert):
            return convert()
    if isinstance(value, (set, frozenset, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return list(value)


def _outcome(
    value: float | Sequence[float] | None, constraints: Sequence[float] | None, state: str, cause: str | None
) -> dict[str, Any]:
    """What came of a trial, as the protocol writes it."""
    if state == "completed" and value is None:
        raise SeqtuneError('a completed trial has a value; where there is none, say state="failed" or state="pruned"')
    outcome: dict[str, Any] = {}
    if value is not None:
        listed = _plain(value) if hasattr(value, "tolist") else value
        outcome = (
            {"values": [float(one) for one in listed]} if isinstance(listed, Sequence) else {"value": float(listed)}
        )
    if constraints is not None:
        outcome["constraints"] = [float(one) for one in constraints]
    numbers = [outcome.get("value", 0.0), *outcome.get("values", ()), *outcome.get("constraints", ())]
    if not all(math.isfinite(number) for number in numbers):
        return {"state": "failed", "cause": cause or "diverged"}
    if state != "completed":
        outcome["state"] = state
    if cause is not None:
        outcome["cause"] = cause
    return outcome


def _number(trial: Trial | int) -> int:
    return trial.id if isinstance(trial, Trial) else trial


def _trial(reply: Mapping[str, Any]) -> Trial:
    values = [reply["value"]] if reply.get("value") is not None else reply.get("values", ())
    return Trial(reply["id"], reply["params"], tuple(values), tuple(reply.get("constraints", ())))

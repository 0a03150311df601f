"""Makes a Python program a family of seqtune: the study proposes hyperparameters, the program trains.

Copy this one file beside your program; it needs Python 3.10 and nothing else. A family says what can be searched and
what is reported, and trains with a generator that yields one report a step:

    from seqtune_worker import Family, Float, Int, Metric, serve

    def train(job):
        model = make(job.params["lr"], job.params["width"], seed=job.seed)
        for step in job.steps():                        # 1, 2, ... up to the steps of the study
            for update, batch in enumerate(batches):
                model.fit(batch)
                job.progress(update + 1, len(batches))  # a sign of life, and where an interruption arrives
            yield {"valid/loss": model.loss()}          # or a list, one number a fold: its mean counts

    if __name__ == "__main__":                          # libraries that start processes import the program again
        serve(Family(
            name="mine", version="1", summary="My model.", step="epoch",
            parameters=[Float("lr", 1e-5, 1.0, log=True, default=1e-3), Int("width", 1, 4096, log=True, default=64)],
            metrics=[Metric("valid/loss", "minimize", doc="Cross-entropy on the validation set.")],
            train=train))

The study file names it: `family = { command = ["python3", "mine.py"] }`.

Going on after a kill needs no code. A checkpoint then records the step alone, and a trial that goes on trains again
from its first step and drops the reports that the study has: exact where training is deterministic, and it costs the
time. Where that is too much, `job.steps(save=save)`: `save(directory)` fills an empty directory, and when the trial
goes on `job.checkpoint` is that directory (else None) and `job.steps()` begins with the step after it.

`train` may also return an object with `step()`, which returns a report, and `save(directory)`.

Exceptions tell the study what to do. `BadParams`, `Diverged` and `OutOfMemory` (also Python's and PyTorch's own) are
the fault of the hyperparameters and are not tried again; `DataError` and `Unusable` stop the run, since no trial could
train; any other is a crash, and is tried again.

From `serve` on, what is printed goes to the trial's log; before it, print nothing: standard output is the protocol.
"""

from __future__ import annotations

import argparse
import difflib
import errno
import gc
import hashlib
import json
import math
import operator
import os
import platform
import queue
import random
import shutil
import signal
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

__all__ = [
    "BadParams", "Bool", "Categorical", "Data", "DataError", "Diverged", "Failure", "Family", "Float", "Int",
    "Interrupted", "Job", "List", "Metric", "Ordinal", "OutOfMemory", "Unusable", "directory_digest", "serve",
]  # fmt: skip

PROTOCOL_VERSION = 1
MAX_LINE_BYTES = 16 << 20
# How long a step may go on after the study has gone away, until the program ends without it.
PATIENCE_SECONDS = 5.0
# Progress is a sign of life and a line for people: more often than this it is noise.
PROGRESS_SECONDS = 0.5
# What a checkpoint holds where the program saves nothing.
REPLAY_FILE = "seqtune-replay.json"


# --- Why a trial fails ------------------------------------------------------------------------------------------------


class Failure(Exception):
    """A failure that the study knows what to do about. Its text is one sentence for people."""

    cause = "crashed"

    def __init__(self, sentence: str, cause: str | None = None) -> None:
        super().__init__(sentence)
        self.cause = cause or self.cause


class BadParams(Failure):
    """No model can be built from these hyperparameters."""

    cause = "bad_params"


class Diverged(Failure):
    """The loss became NaN or infinite."""

    cause = "diverged"


class OutOfMemory(Failure):
    """The device has too little memory for the model."""

    cause = "out_of_memory"


class Unusable(Failure):
    """No trial can be trained here: a device or a package is missing. The run stops until that is mended."""

    cause = "unusable"


class DataError(Unusable):
    """The data cannot be read, or does not fit together."""


class Interrupted(BaseException):
    """The trial is to be left: let it pass. It is no `Exception`, so that handlers of errors do not catch it."""


class _Stopped(BaseException):
    """The verdict was `stop`."""


class _Gone(BaseException):
    """The conversation is over: the input has ended, or what the text says."""


def _one_line(text: object) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= 1000 else line[:1000] + "..."


def _cause_and_sentence(error: BaseException) -> tuple[str, str]:
    """What the study hears of an error. The traceback of one that nobody foresaw goes to the trial's log."""
    if isinstance(error, Failure):
        return error.cause, _one_line(error)
    traceback.print_exception(error)
    text = _one_line(error)
    sentence = type(error).__name__ + (f": {text}" if text else "") + _place(error.__traceback__)
    # By name, so that PyTorch need not be imported; its CPU says it in a RuntimeError.
    names = {kind.__name__ for kind in type(error).__mro__}
    said = isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    if said or names & {"MemoryError", "OutOfMemoryError"}:
        return "out_of_memory", sentence
    return ("no_space" if _is_no_space(error) else "crashed"), sentence


def _place(trace: TracebackType | None) -> str:
    """Where in the user's code it happened: the innermost line beside the program, else of what is no library."""
    libraries = ("<frozen", *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")))
    program = getattr(sys.modules["__main__"], "__file__", None) or "program"
    home = os.path.dirname(os.path.abspath(program)) + os.sep

    def nearness(file: str) -> int:
        if file == __file__ or file.startswith(libraries):
            return 0
        return 2 if os.path.abspath(file).startswith(home) else 1

    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(trace)]
    if not places:
        return ""
    nearest = max(nearness(file) for file, _ in places)
    file, line = next(place for place in reversed(places) if nearness(place[0]) == nearest)
    return f" at {file.removeprefix(os.getcwd() + os.sep)}:{line}"


def _is_no_space(error: BaseException) -> bool:
    full = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
    return isinstance(error, OSError) and error.errno in full


# --- Parameters -------------------------------------------------------------------------------------------------------
# A parameter is the dict that the protocol writes. All kinds take
#   default  its value in the default configuration
#   when     when it exists: {"model": "cnn"}, {"model": ["lstm", "gru"]} or {"layers": {"at_least": 2}}
#   doc      one line for people
#   source   where the range comes from, such as a paper
#   prior    where good values are expected: {"center": 1e-3, "confidence": "high"} or {"weights": [2, 1]}
# and have a name, unless they are the item of a list.

Parameter = dict[str, Any]


def Float(
    name: str = "", low: Any = None, high: Any = None, *, log: bool = False, step: Any = None, **more: Any
) -> Parameter:
    """A number from `low` to `high`; `log` spreads it evenly in the logarithm, `step` is a grid from `low`."""
    return _parameter("float", name, {"low": low, "high": high, "log": log or None, "step": step}, **more)


def Int(
    name: str = "", low: Any = None, high: Any = None, *, log: bool = False, step: Any = None, **more: Any
) -> Parameter:
    """A whole number from `low` to `high`; `log` and `step` as for `Float`."""
    return _parameter("int", name, {"low": low, "high": high, "log": log or None, "step": step}, **more)


def Categorical(name: str = "", choices: Sequence[Any] = (), **more: Any) -> Parameter:
    """One of several choices without an order."""
    return _parameter("categorical", name, {"choices": list(choices)}, **more)


def Ordinal(name: str = "", values: Sequence[Any] = (), **more: Any) -> Parameter:
    """One of several values in an order."""
    return _parameter("ordinal", name, {"values": list(values)}, **more)


def Bool(name: str = "", **more: Any) -> Parameter:
    """True or False."""
    return _parameter("bool", name, {}, **more)


def List(name: str, *, len: Any, item: Parameter, rule: str | None = None, **more: Any) -> Parameter:
    """Several values of one kind, such as the widths of layers.

    `len` is how many; or `(fewest, most)`; or the name of the earlier parameter, a whole number or a list, that says
    how many. `rule` is non_increasing, non_decreasing or constant.
    """
    length = {"low": len[0], "high": len[1]} if isinstance(len, (tuple, list)) else len
    return _parameter("list", name, {"len": length, "item": item, "rule": rule}, **more)


def _parameter(
    kind: str,
    name: str,
    keys: Parameter,
    *,
    default: Any = None,
    when: Mapping[str, Any] | None = None,
    doc: str | None = None,
    source: str | None = None,
    prior: Mapping[str, Any] | None = None,
) -> Parameter:
    shared = {"default": default, "when": when, "doc": doc, "source": source, "prior": prior}
    form = {"name": name or None, "type": kind, **keys, **shared}
    return {key: value for key, value in form.items() if value is not None}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    """Whether two values stand for the same choice: 1 and 1.0 do, 1 and True do not."""
    return (type(one) is type(other) or (_is_number(one) and _is_number(other))) and bool(one == other)


def _options(form: Parameter) -> list[Any]:
    return list(form["choices"] if form["type"] == "categorical" else form["values"])


def _conform(form: Parameter, value: Any) -> Any:
    """The value in the parameter's own kind: 1 is 1.0 for a float. What does not fit comes back as it is."""
    kind = form["type"]
    if kind == "float" and _is_number(value) and abs(value) <= sys.float_info.max:
        on_grid = _on_grid(form, value)
        return float(value if on_grid is None else on_grid) + 0.0  # there is one zero: -0.0 is 0.0
    if kind == "int" and isinstance(value, float) and value.is_integer() and abs(value) < 9e15:
        return int(value)
    if kind in ("categorical", "ordinal"):
        return next((option for option in _options(form) if _same(option, value)), value)
    if kind == "list" and isinstance(value, (list, tuple)):
        return [_conform(form["item"], item) for item in value]
    return value


def _contains(form: Parameter, value: Any, params: Mapping[str, Any] | None = None) -> bool:
    """Whether it is one of the parameter's values, kinds included. `params` are the earlier ones, if they are known."""
    kind = form["type"]
    if kind == "bool":
        return isinstance(value, bool)
    if kind in ("categorical", "ordinal"):
        return any(_same(option, value) for option in _options(form))
    if kind == "list":
        fits = isinstance(value, list) and _length_fits(form["len"], len(value), params)
        return fits and all(_contains(form["item"], item) for item in value) and _keeps_rule(form, value)
    if type(value) is not (float if kind == "float" else int) or not form["low"] <= value <= form["high"]:
        return False
    if kind == "int":
        return bool((value - form["low"]) % form.get("step", 1) == 0)
    return "step" not in form or _on_grid(form, value) == value


def _on_grid(form: Parameter, value: float) -> float | None:
    """The grid's own number for what lies on it but for its last digits; None off the grid, or where there is none."""
    low, high, step = form["low"], form["high"], form.get("step")
    if step is None or not low - step < value < high + step:
        return None
    index = round((value - low) / step)
    if abs(low + index * step - value) > 1e-9 * step or not 0 <= index <= math.floor((high - low) / step + 1e-9):
        return None
    return float(min(max(float(f"{low + index * step:.12e}"), low), high))


def _length_fits(wanted: Any, length: int, params: Mapping[str, Any] | None) -> bool:
    if isinstance(wanted, dict):
        return bool(wanted["low"] <= length <= wanted["high"])
    if isinstance(wanted, str):
        other = length if params is None else params[wanted]
        return bool(length == (len(other) if isinstance(other, list) else other))
    return bool(length == wanted)


def _keeps_rule(form: Parameter, items: list[Any]) -> bool:
    if (rule := form.get("rule")) is None:
        return True
    item = form["item"]
    if item["type"] in ("categorical", "ordinal"):
        # Choices have no size; they are ordered as they are listed.
        items = [next(rank for rank, option in enumerate(_options(item)) if _same(option, one)) for one in items]
    holds = {"non_increasing": operator.ge, "non_decreasing": operator.le, "constant": operator.eq}[rule]
    return all(map(holds, items, items[1:]))


def _exists(form: Parameter, params: Mapping[str, Any]) -> bool:
    """Whether the parameter is part of a point that has these earlier ones."""

    def passes(test: Any, value: Any) -> bool:
        if isinstance(test, dict):
            low, high = test.get("at_least", -math.inf), test.get("at_most", math.inf)
            return not test or (_is_number(value) and low <= value <= high)
        return any(_same(one, value) for one in (test if isinstance(test, (list, tuple)) else [test]))

    return all(name in params and passes(test, params[name]) for name, test in _condition(form).items())


def _condition(form: Parameter) -> dict[str, Any]:
    """What the parameter follows: its `when`, and the parameter that says how long it is."""
    follows: dict[str, Any] = {form["len"]: {}} if isinstance(form.get("len"), str) else {}
    return {**follows, **form.get("when", {})}


def _describe(form: Parameter) -> str:
    """The values in words: "a number from 0.0001 to 0.1"."""
    kind = form["type"]
    if kind == "bool":
        return "true or false"
    if kind in ("categorical", "ordinal"):
        return f"one of {', '.join(map(_show, _options(form)))}"
    if kind == "list":
        length = form["len"]
        low, high = (length["low"], length["high"]) if isinstance(length, dict) else (length, length)
        items = f"{low} item{'s' * (low != 1)}" if low == high else f"{low} to {high} items"
        count = f"as long as `{length}`" if isinstance(length, str) else f"of {items}"
        rule = {"constant": ", all the same", None: ""}.get(form.get("rule"))
        if rule is None:
            rule = f", none {'above' if form['rule'] == 'non_increasing' else 'below'} the one before it"
        return f"a list {count}, each {_describe(form['item'])}{rule}"
    grid = f" in steps of {_show(form['step'])}" if "step" in form else ""
    noun = "a number" if kind == "float" else "a whole number"
    return f"{noun} from {_show(form['low'])} to {_show(form['high'])}{grid}"


def _show(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr).removesuffix(".0")


def _did_you_mean(name: str, noun: str, known: Iterable[str]) -> str:
    names = list(known)
    if near := difflib.get_close_matches(name, names, n=1):
        return f"did you mean `{near[0]}`?"
    return f"the {noun} are {', '.join(names)}" if names else f"there are no {noun} here"


def _check_params(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The point, its numbers in the kinds of their parameters, if it has exactly the parameters that exist there."""
    checked: dict[str, Any] = {}
    for form in parameters:
        name = form["name"]
        if not _exists(form, checked):
            if name in given:
                raise BadParams(f"parameter `{name}` is set, but it exists only when {_show(_condition(form))}")
        elif name not in given:
            raise BadParams(f"parameter `{name}` is missing; it must be {_describe(form)}")
        else:
            value = _conform(form, given[name])
            if not _contains(form, value, checked):
                raise BadParams(f"parameter `{name}` is {_one_line(_show(value))}; it must be {_describe(form)}")
            checked[name] = value
    for name in given:
        if name not in checked:
            hint = _did_you_mean(name, "parameters", (form["name"] for form in parameters))
            raise BadParams(f"there is no parameter `{name}`; {hint}")
    return checked


# --- The family -------------------------------------------------------------------------------------------------------


@dataclass
class Metric:
    """A number that each report carries: `split/name`, such as `valid/auc`, and which way is better."""

    name: str
    direction: str  # minimize or maximize
    unit: str = ""
    doc: str = ""


@dataclass
class Family:
    """What a program offers to a study, and how it trains."""

    _: KW_ONLY
    name: str  # one word
    version: str  # of the numbers: raise it whenever the same hyperparameters and seed would give others
    summary: str = ""
    step: str = "epoch"  # what a step is
    parameters: Sequence[Parameter] = ()  # with hard limits and defaults; a study searches within them
    constraints: Sequence[str] = ()  # such as "heads * head_dim <= 256"; the study sees to them
    metrics: Sequence[Metric] = ()  # all of them are in each report
    data: Mapping[str, str] = field(default_factory=dict)  # keys of the [data] table, each with one sentence
    prepare: Callable[[Data], Any] | None = None  # returns what is `job.data`, for many trials; else that is the table
    train: Callable[[Job], Any]

    def __post_init__(self) -> None:
        """Finds what would surprise in the middle of a study; seqtune itself checks the rest when it reads `ready`."""

        def require(holds: bool, sentence: str) -> None:
            if not holds:
                raise ValueError(sentence)

        self.version = str(self.version)
        require(self.name.split() == [self.name], f"the family's name is {self.name!r}; it must be one word")
        require(callable(self.train), "train must be a function of a job")
        require(len(self.metrics) > 0, "a family declares at least one metric")
        for index, metric in enumerate(self.metrics):
            ways = metric.direction in ("minimize", "maximize")
            require(ways, f"the direction of metric `{metric.name}` must be minimize or maximize")
            twice = any(metric.name == other.name for other in self.metrics[:index])
            require(not twice, f"the metric `{metric.name}` is declared twice")
        earlier: list[str] = []
        for form in self.parameters:
            name = form.get("name")
            require(isinstance(name, str), f"a parameter's first argument is its name; it is missing in {form}")
            require(name not in earlier, f"parameter `{name}` is declared twice")
            item = form["item"] if form["type"] == "list" else form
            if item["type"] in ("float", "int"):
                limits = _is_number(item.get("low")) and _is_number(item.get("high"))
                require(limits, f"parameter `{name}` needs the numbers low and high")
            rules = (None, "non_increasing", "non_decreasing", "constant")
            require(form.get("rule") in rules, f"the rule of parameter `{name}` is none of {', '.join(rules[1:])}")
            for parent in _condition(form):
                require(parent in earlier, f"parameter `{name}` follows `{parent}`, which must be declared before it")
            if "default" in form:
                form["default"] = _conform(form, form["default"])
                said = f"the default of parameter `{name}` is {_show(form['default'])}; it must be {_describe(form)}"
                require(_contains(form, form["default"]), said)
            earlier.append(str(name))

    def info(self) -> dict[str, Any]:
        """The family as the protocol describes it."""
        parameters = [*self.parameters, *({"constraint": text} for text in self.constraints)]
        own = {key: getattr(self, key) for key in ("name", "version", "summary", "step")}
        metrics = [vars(metric) for metric in self.metrics]
        return {**own, "parameters": parameters, "metrics": metrics, "data": dict(self.data)}

    def report(self, reported: Any) -> dict[str, Any]:
        """The metrics of a step as the protocol writes them."""
        if not isinstance(reported, Mapping):
            what = type(reported).__name__
            raise Failure(f"the family {self.name} reported a {what}; a report is a dict of metrics by name")
        names = [metric.name for metric in self.metrics]
        for name in names:
            if name not in reported:
                raise Failure(f"the family {self.name} declares the metric `{name}` and did not report it")
        for name in reported:
            if name not in names:
                said = f"the family {self.name} reported the metric `{name}`, which it does not declare"
                raise Failure(f"{said}; {_did_you_mean(str(name), 'metrics', names)}")
        return {name: _metric_value(name, reported[name]) for name in names}


def _plain(value: Any) -> Any:
    """The value as JSON has it: numbers and arrays of NumPy and PyTorch as Python's own, what is not finite as null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _metric_value(name: str, value: Any) -> Any:
    """A number, or a mean over parts; what is not finite, or not defined at this step, is null."""

    def number(value: Any) -> float | None:
        value = value.tolist() if hasattr(value, "tolist") else value
        if value is not None and not _is_number(value):
            raise Failure(f"the metric `{name}` is {_one_line(repr(value))}; it must be a number or a list of numbers")
        return None if value is None or abs(value) > sys.float_info.max or value != value else float(value)

    value = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(value, (list, tuple)):
        return number(value)
    parts = [number(part) for part in value]
    total = 0.0
    for part in parts:
        # Not sum(): since Python 3.12 it rounds differently.
        total = math.nan if part is None else total + part
    mean = total / len(parts) if parts else math.nan
    return {"mean": mean if math.isfinite(mean) else None, "parts": parts}


# --- What the program sees --------------------------------------------------------------------------------------------


class Data(dict[str, Any]):
    """The [data] table of the study, as a dict, and what `prepare` says about the data.

    `data["key"]` of a key that is not there is a `DataError` that names it; `data.get("key", default)` asks without.
    """

    def __init__(self, family: Family, values: Mapping[str, Any], roots: Sequence[str], cache: str) -> None:
        super().__init__(values)
        self.roots = list(roots)  # where relative paths are looked for, in order
        self.cache = Path(cache)  # shared by studies, for what is expensive to make; it may not exist yet
        self.summary: dict[str, Any] = {}  # what people want to know: rows, positives, lengths
        self.digest: str | None = None  # identity of the data, where `prepare` knows better than `_identity`
        self._family = family
        # Written down at once: `prepare` may change the dict.
        self._table = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        self._asked: set[str] = set()
        for key in values:
            if key not in family.data:
                raise DataError(f"[data]: there is no key `{key}`; {_did_you_mean(key, 'keys', family.data)}")

    def __missing__(self, key: str) -> NoReturn:
        if key not in self._family.data:
            raise Failure(f"the family {self._family.name} reads the key `{key}` of [data] and does not declare it")
        raise DataError(f"[data]: the key `{key}` is missing: {self._family.data[key]}")

    def path(self, key: str) -> Path:
        """The existing file or directory that a key names."""
        if not isinstance(value := self[key], str):
            raise DataError(f"[data]: {key} is {_show(value)}; it must be the path of a file or a directory")
        return self.resolve(value)

    def resolve(self, path: str) -> Path:
        """The existing file or directory that a path means: itself where absolute, else the first hit in `roots`."""
        self._asked.add(path)
        if (found := self._find(path)) is not None:
            return found
        tried = ", ".join(self._candidates(path))
        if not tried:
            where = "no data directory is known; give one with --data DIR or SEQTUNE_DATA"
            raise DataError(f"data {_show(path)} not found: {where}")
        where = f"looked at {tried}; give its place with --data DIR or SEQTUNE_DATA"
        raise DataError(f"data {_show(path)} not found; {where}")

    def _candidates(self, path: str) -> list[str]:
        return [path] if os.path.isabs(path) else [os.path.join(root, path) for root in self.roots]

    def _find(self, path: str) -> Path | None:
        return next((Path(candidate) for candidate in self._candidates(path) if os.path.exists(candidate)), None)

    def _identity(self) -> str:
        """SHA-256 of the table and, with the names in it, of each file that it names and each path that was resolved.

        A directory counts only where it was asked for: a word such as "train" may be the name of one by chance.
        """
        outer = hashlib.sha256(self._table.encode())
        for text in sorted(self._asked.union(_texts(json.loads(self._table)))):
            found = self._find(text)
            if found is not None and found.is_file():
                outer.update(b"\0" + text.encode() + b"\0" + _file_digest(found))
            elif found is not None and text in self._asked:
                outer.update(b"\0" + text.encode() + b"\0" + bytes.fromhex(directory_digest(found)))
        return outer.hexdigest()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _texts(entry)


class Job:
    """One attempt at one trial, as `train` sees it."""

    def __init__(self, worker: _Worker, run: Mapping[str, Any], checkpoint: Path | None, step: int) -> None:
        self.params = _check_params(worker.family.parameters, run["params"])  # those that exist at this point
        self.data = worker.content  # what `prepare` returned
        self.seed: int = run["seed"]  # seeds weights, data order, dropout
        self.study_seed: int = run["study_seed"]  # seeds what all trials share: folds
        self.trial: int = run["trial"]  # for messages: no reported number may depend on it, nor on the attempt
        self.attempt: int = run.get("attempt") or 0
        self.device: str = run["device"]  # auto, cpu or cuda:0; see `torch_device`
        self.total_steps: int = run["steps"]  # for schedules that need to know
        self.checkpoint = checkpoint  # the directory that `save` filled, to go on from
        self.step = step  # the one in training
        self._worker = worker
        self._save: Callable[[Path], Any] | None = None
        self._begun = 0
        self._spoken: float | None = None

    def steps(self, save: Callable[[Path], Any] | None = None) -> Iterator[int]:
        """The numbers of the steps to train; each round of the loop yields one report.

        `save(directory)` is called after the steps that the study wants saved. It writes all that going on needs into
        the empty directory, and changes nothing that training depends on.
        """
        self._save = save

        def count() -> Iterator[int]:
            while self.step <= self.total_steps:
                if self._begun == self.step:
                    raise Failure(f"step {self.step} ended without a report: each round of job.steps() needs a `yield`")
                self._begun = self.step
                yield self.step

        return count()

    def progress(self, update: int = 0, of: int = 0) -> None:
        """Says that `update` of the step's `of` updates are done. Cheap: call it after every update.

        Raises `Interrupted` where the trial is to be left. A worker that says nothing for as long as the study's stall
        limit is taken for dead.
        """
        if self._worker.inbox.interrupted():
            raise Interrupted
        now = time.monotonic()
        # The first call only starts the clock: a short step needs no sign of life.
        if self._spoken is not None and now - self._spoken >= PROGRESS_SECONDS:
            self._worker.send("progress", trial=self.trial, update=max(0, int(update)), of=max(0, int(of)))
            self._spoken = now
        elif self._spoken is None:
            self._spoken = now

    def seed_everything(self, step: int = 0) -> None:
        """Seeds Python's generator, and those of NumPy and PyTorch where they are imported.

        Called at the beginning of each step with its number, no step depends on what was drawn before it: a trial goes
        on exactly without the states of generators in its checkpoints.
        """
        digest = hashlib.sha256(f"{self.seed} {step}".encode()).digest()
        seed = int.from_bytes(digest[:4], "little")  # NumPy takes 32 bits
        random.seed(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(seed)
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(seed)

    def torch_device(self) -> Any:
        """The device as a `torch.device`; `auto` is the first CUDA device, or the CPU where there is none."""
        import torch  # type: ignore[import-not-found, unused-ignore]

        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        name = self.device if self.device != "auto" else "cuda:0" if count else "cpu"
        if name.startswith("cuda") and int(name.partition(":")[2] or 0) >= count:
            raise Unusable(f"there is no device {name}: PyTorch sees {count} CUDA devices; use cpu or auto")
        return torch.device(name)


class _Session:
    """A trial in training: the styles of `train` behind one face."""

    def __init__(self, family: Family, job: Job) -> None:
        self._job = job
        made: Any = family.train(job)
        # A dict is the only report of a function that trains all at once.
        self._made: Any = iter([made]) if isinstance(made, Mapping) else made
        self._yields = hasattr(self._made, "__next__")
        if not self._yields and not callable(getattr(made, "step", None)):
            what = f"it returned a {type(made).__name__}"
            raise Failure(f"train() must `yield` its reports, or return an object that has step(); {what}")

    def step(self) -> Any:
        job = self._job
        try:
            report = next(self._made) if self._yields else self._made.step()
        except StopIteration:
            said = f"train() ended after {job.step - 1} of {job.total_steps} steps"
            raise Failure(f"{said}; it must report all of job.steps()") from None
        if job._begun not in (0, job.step):
            raise Failure(f"train() reported twice in step {job._begun}: each round of job.steps() needs one `yield`")
        if job.checkpoint is not None and self._own_save() is None:
            raise Failure(f"{job.checkpoint} holds what save() wrote, and train() does not save any more")
        return report

    def _own_save(self) -> Any:
        return self._job._save or getattr(self._made, "save", None)

    def save(self, directory: Path) -> None:
        if (save := self._own_save()) is not None:
            save(directory)
        else:
            (directory / REPLAY_FILE).write_text(json.dumps({"step": self._job.step}) + "\n", encoding="utf-8")

    def finish(self) -> None:
        """Lets what stands behind the loop of a generator run."""
        if self._job._begun:
            next(self._made, None)

    def close(self) -> None:
        """Lets `finally` and `with` of the program run."""
        if callable(close := getattr(self._made, "close", None)):
            close()


# --- Checkpoints ------------------------------------------------------------------------------------------------------


def directory_digest(directory: str | os.PathLike[str]) -> str:
    """SHA-256 over the sorted relative paths and contents of a directory's files, as seqtune computes it."""
    top = os.fsencode(directory)
    files: list[list[bytes]] = []
    open_ones: list[list[bytes]] = [[]]
    while open_ones:
        inside = open_ones.pop()
        for entry in os.scandir(os.path.join(top, *inside)):
            (open_ones if entry.is_dir(follow_symlinks=False) else files).append([*inside, entry.name])
    outer = hashlib.sha256()
    # By the parts of the paths, as Rust sorts them: "a/b" comes before "a-b".
    for parts in sorted(files):
        path = os.path.join(*parts)
        outer.update(path + b"\0" + _file_digest(os.path.join(top, path)))
    return outer.hexdigest()


def _file_digest(path: bytes | Path) -> bytes:
    inner = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            inner.update(block)
    return inner.digest()


def _save_checkpoint(directory: str, step: int, save: Callable[[Path], None]) -> dict[str, str]:
    """Lets `save` fill a new directory and makes it the checkpoint of a step; one that is there is replaced.

    Written beside, synced, renamed: when this returns, the checkpoint survives a power cut.
    """
    path = os.path.join(directory, f"step-{step:08}")
    draft, old = f"{path}.tmp-{os.getpid()}", f"{path}.tmp-old"
    try:
        os.makedirs(directory, exist_ok=True)
        for entry in os.scandir(directory):
            if ".tmp-" in entry.name:  # left behind by an attempt that was killed while saving
                shutil.rmtree(entry.path)
        os.mkdir(draft)
        save(Path(draft))
        _sync_tree(draft)
        if os.path.exists(path):  # a rename does not replace a directory that holds files
            os.rename(path, old)
            os.rename(draft, path)
            shutil.rmtree(old)
        else:
            os.rename(draft, path)
        _sync(directory)
        return {"path": path, "sha256": directory_digest(path)}
    except Exception as error:
        cause, sentence = _cause_and_sentence(error)
        # Libraries say in their own words that they could not write: the disk knows whether it is full.
        if cause == "crashed" and _is_full(draft):
            cause = "no_space"
        raise Failure(f"checkpoint {path} cannot be saved: {sentence}", cause) from None


def _is_full(directory: str) -> bool:
    """Whether a directory, a draft that is removed in any case, takes no more bytes at this moment."""
    try:
        with open(os.path.join(directory, "probe"), "wb") as file:
            file.write(bytes(64 << 10))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return _is_no_space(error)
    return False


def _sync_tree(directory: str) -> None:
    for entry in os.scandir(directory):
        (_sync_tree if entry.is_dir(follow_symlinks=False) else _sync)(entry.path)
    _sync(directory)


def _sync(path: str) -> None:
    # Windows opens no directories, and syncs only what is open for writing.
    if os.name == "nt" and os.path.isdir(path):
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- The conversation -------------------------------------------------------------------------------------------------

# What the study sends. A question mark is a field that may be absent or null.
_MESSAGES: dict[str, dict[str, Any]] = {
    "prepare": {"data": {"values": dict, "roots?": list}, "cache": str},
    "run": {
        "trial": int, "attempt?": int, "params": dict, "seed": int, "study_seed": int, "device": str, "steps": int,
        "checkpoint?": {"every": int, "dir": str, "from?": {"path": str, "step": int}},
    },
    "verdict": {"trial": int, "verdict": str},
    "interrupt": {},
    "apply": {"what": str, "checkpoint": str},
}  # fmt: skip


def _check_fields(value: Any, shape: Any, where: str) -> None:
    kind: Any = dict if isinstance(shape, dict) else shape
    if type(value) is not kind or (kind is int and value < 0):
        kinds = {int: "a whole number from 0", str: "a text", list: "a list", dict: "an object"}
        raise ValueError(f"`{where}` must be {kinds[kind]}")
    for key, inner in shape.items() if isinstance(shape, dict) else ():
        name = key.removesuffix("?")
        if name not in value and name == key:
            raise ValueError(f"missing field `{name}` in `{where}`")
        if name == key or value.get(name) is not None:
            _check_fields(value[name], inner, name)


def _decode(line: bytes) -> dict[str, Any]:
    """The message in a line, or one of the type `no_message` that says why there is none."""
    if len(line) > MAX_LINE_BYTES:
        sentence = f"a line is longer than {MAX_LINE_BYTES >> 20} MiB, the most that the protocol allows"
        return {"type": "no_message", "sentence": sentence, "last": True}
    shown = json.dumps(line[:800].decode("utf-8", "replace")[:200], ensure_ascii=False)
    try:
        message: Any = json.loads(line.decode("utf-8"), parse_constant=_no_number)
        kind = message.get("type") if isinstance(message, dict) else None
        if not isinstance(kind, str) or kind not in _MESSAGES:
            raise ValueError(f"unknown variant `{kind}`")
        _check_fields(message, _MESSAGES[kind], kind)
        if kind == "verdict" and message["verdict"] not in ("continue", "stop"):
            raise ValueError(f"unknown variant `{message['verdict']}`")
        return dict(message)
    except UnicodeDecodeError:
        sentence = f"a line is not UTF-8 text: {shown}"
    except (ValueError, RecursionError) as error:
        sentence = f"a line is not a message of the protocol ({error}): {shown}"
    return {"type": "no_message", "sentence": sentence, "last": False}


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _read_lines(descriptor: int) -> Iterator[bytes]:
    """Lines without their ends. After one that is too long there is no other: where it ends is not known."""
    # Not a file object: a thread that waits in one keeps its lock, and the interpreter then cannot end.
    buffer = bytearray()
    while len(buffer) <= MAX_LINE_BYTES and (chunk := os.read(descriptor, 1 << 16)):
        start = len(buffer)
        buffer += chunk
        while (end := buffer.find(b"\n", start)) >= 0:
            yield bytes(buffer[:end])
            del buffer[: end + 1]
            start = 0
    if buffer:
        yield bytes(buffer)


class _Inbox:
    """What the study sends, read by a thread of its own so that an interruption reaches a step in training."""

    def __init__(self, descriptor: int) -> None:
        self._messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        # Counts, not a flag: an interruption that arrives when its trial has just ended is not one of the next trial.
        self._read, self._taken = 0, 0
        self._ended = False
        threading.Thread(target=self._read_all, args=(descriptor,), daemon=True).start()

    def next(self) -> dict[str, Any] | None:
        """The next message; waits for it. None at the end of input."""
        message = self._messages.get()
        if message is not None and message["type"] == "interrupt":
            self._taken += 1
        return message

    def interrupted(self) -> bool:
        """Whether the trial in training is to be left: an interruption waits, or the input has ended."""
        return self._ended or self._read > self._taken

    def _read_all(self, descriptor: int) -> None:
        try:
            for message in map(_decode, _read_lines(descriptor)):
                self._messages.put(message)
                if message["type"] == "interrupt":
                    self._read += 1  # after it was put: whoever sees the count finds the message
                if message.get("last"):
                    break
        finally:
            self._ended = True
            self._messages.put(None)
        time.sleep(PATIENCE_SECONDS)
        try:
            print(f"the input ended {PATIENCE_SECONDS:.0f} s ago and the step does not return: exit", file=sys.stderr)
        finally:
            os._exit(1)  # also where nobody reads standard error any more


class _Worker:
    """The worker's side of the conversation: one thing at a time."""

    def __init__(self, family: Family, source: int, sink: int) -> None:
        self.family = family
        self.content: Any = None
        self._prepared = False
        self._sink = sink
        self._lock = threading.Lock()
        self.inbox = _Inbox(source)

    def send(self, kind: str, **fields: Any) -> None:
        line = json.dumps({"type": kind, **fields}, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        rest = memoryview(line.encode("utf-8", "replace") + b"\n")
        if len(rest) > MAX_LINE_BYTES + 1:
            raise Failure(f"a `{kind}` of {len(rest)} bytes is longer than the {MAX_LINE_BYTES} of the protocol")
        try:
            with self._lock:
                while rest:
                    rest = rest[os.write(self._sink, rest) :]
        except OSError as error:
            raise _Gone(f"the study cannot be written to: {error}") from None

    def serve(self) -> None:
        systems = {"darwin": "macos", "win32": "windows"}
        build = {"python": platform.python_version(), "os": systems.get(sys.platform, sys.platform)}
        for name in ("numpy", "sklearn", "torch"):
            if hasattr(sys.modules.get(name), "__version__"):
                build[name] = str(sys.modules[name].__version__)
        build["arch"] = platform.machine()
        can = ["prepare", "checkpoint"]
        self.send("ready", protocol=PROTOCOL_VERSION, can=can, info=self.family.info(), build=build)
        while (message := self.inbox.next()) is not None:
            if message["type"] == "prepare":
                self._prepare(message)
            elif message["type"] == "run":
                self._run(message)
            elif message["type"] == "apply":
                self._fail(None, "crashed", f"the family {self.family.name} cannot {message['what']}")
            else:
                self._refuse(message)

    def _fail(self, trial: int | None, cause: str, sentence: str) -> None:
        self.send("failed", trial=trial, cause=cause, message=sentence)

    def _refuse(self, message: dict[str, Any]) -> None:
        """Answers what cannot be done. A verdict, or an interruption, of a trial that has ended crossed its end."""
        if message["type"] == "no_message":
            self._fail(None, "crashed", message["sentence"])
            if message["last"]:
                raise _Gone(message["sentence"])
        elif message["type"] not in ("verdict", "interrupt"):
            self._fail(None, "crashed", "a trial is in training, and a worker does one thing at a time")

    def _prepare(self, message: dict[str, Any]) -> None:
        self._prepared, self.content = False, None
        try:
            table = message["data"]
            data = Data(self.family, table["values"], table.get("roots") or [], message["cache"])
            self.content = self.family.prepare(data) if self.family.prepare else data
            answer = {"digest": data.digest or data._identity(), "summary": _plain(data.summary)}
            self.send("prepared", **answer)
            self._prepared = True
        except _Gone:
            raise
        except BaseException as error:  # also SystemExit: a worker outlives what it serves
            self._fail(None, *_cause_and_sentence(error))

    def _run(self, run: dict[str, Any]) -> None:
        """Trains a trial to its end, whatever that is."""
        trial = run["trial"]
        try:
            self._train(run)
            self.send("completed", trial=trial)
        except _Gone:
            raise
        except _Stopped:
            pass  # the study knows
        except Interrupted:
            self._fail(trial, *self._take_interruption())
        except BaseException as error:
            self._fail(trial, *_cause_and_sentence(error))
        finally:
            gc.collect()  # the memory of this model is the next one's

    def _train(self, run: dict[str, Any]) -> None:
        plan = run.get("checkpoint") or {}
        resume = plan.get("from")
        done, total = resume["step"] if resume else 0, run["steps"]
        if done >= total:
            return
        if not self._prepared:
            raise Failure("`run` came before `prepare`")
        checkpoint = Path(resume["path"]) if resume else None
        if checkpoint is not None and not checkpoint.is_dir():
            raise Failure(f"there is no checkpoint {checkpoint}")
        if checkpoint is None or (checkpoint / REPLAY_FILE).is_file():
            job = Job(self, run, None, 1)
        else:
            job = Job(self, run, checkpoint, done + 1)
        session = _Session(self.family, job)
        try:
            while job.step <= total:
                metrics = self.family.report(session.step())
                if job.step <= done:
                    job.progress(job.step, done)  # trained again: the study has its report, and hears that we live
                else:
                    due = job.step == total or (plan.get("every", 0) > 0 and job.step % plan["every"] == 0)
                    saved = _save_checkpoint(plan["dir"], job.step, session.save) if plan and due else None
                    self.send("report", trial=job.trial, step=job.step, metrics=metrics, checkpoint=saved)
                    self._wait_for_verdict(job.trial)
                    job._spoken = None
                job.step += 1
            _quietly(session.finish)
        finally:
            _quietly(session.close)

    def _wait_for_verdict(self, trial: int) -> None:
        while (message := self.inbox.next()) is not None:
            if message["type"] == "interrupt":
                raise Failure("interrupted", "interrupted")
            if message["type"] != "verdict" or message["trial"] != trial:
                self._refuse(message)
            elif message["verdict"] == "stop":
                raise _Stopped
            else:
                return
        raise _Gone

    def _take_interruption(self) -> tuple[str, str]:
        """A step came back interrupted: takes the message that asked for it."""
        if not self.inbox.interrupted():
            return "crashed", "train() left the trial as interrupted, and nobody had asked for it"
        while (message := self.inbox.next()) is not None:
            if message["type"] == "interrupt":
                return "interrupted", "interrupted"
            self._refuse(message)
        raise _Gone


def _quietly(call: Callable[[], None]) -> None:
    """Cleaning up ends no worker and no trial: all its steps are done, or it has failed already."""
    try:
        call()
    except Interrupted:
        pass
    except BaseException as error:
        traceback.print_exception(error)


# --- The program ------------------------------------------------------------------------------------------------------


def serve(*families: Family, arguments: Sequence[str] | None = None) -> NoReturn:
    """The whole main function of a program that serves these families; it ends when its input does.

    `arguments` are those of the command line that are not the program's own; by default all of them.
    """
    parser = argparse.ArgumentParser(
        description=_help(families), formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    names = [family.name for family in families]
    parser.add_argument("--family", metavar="NAME", choices=names, help="serve this one; needed only if there are more")
    parser.add_argument("--list", action="store_true", help="print what the families are, as a JSON array, and exit")
    options = parser.parse_args(arguments)
    if options.list:
        print(json.dumps([family.info() for family in families]))
        sys.exit(0)
    if options.family is None and len(families) != 1:
        parser.error(f"say which family with --family NAME: {', '.join(names)}")
    family = families[names.index(options.family) if options.family else 0]
    if os.isatty(0):
        print("This program is started by seqtune, with a study file; --help tells more.", file=sys.stderr)
    # Ctrl-C goes to the whole process group, and is for the study. Not SIG_IGN: programs started here would inherit it.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        _Worker(family, *_take_streams()).serve()
    except _Gone as gone:
        if gone.args:
            print(f"error: the conversation with the study broke off: {gone}", file=sys.stderr)
            sys.exit(1)
    sys.exit(0)


def _take_streams() -> tuple[int, int]:
    """Takes standard input and output for the protocol: no stray print and no library can break it from here on."""
    source, sink = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    own = os.getpid()

    def leave_to_parent() -> None:
        # A helper that outlives us must not keep the study waiting for the end of our output. Its own helpers may have
        # other files under these numbers.
        if os.getppid() == own:
            os.close(source)
            os.close(sink)

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=leave_to_parent)
    return source, sink


def _help(families: Sequence[Family]) -> str:
    lines = [
        "A worker of seqtune: trains trials for a study manager, which starts it and speaks with it in JSON lines over",
        "standard input and output. It ends when its input ends. A study file names it:",
        "",
        f'  family = {{ command = ["python3", {_show(sys.argv[0])}] }}',
    ]
    for family in families:
        lines += ["", f"{family.name} {family.version}: {family.summary}", "", "  [space]"]
        for form in family.parameters:
            default = f"; default {_show(form['default'])}" if "default" in form else ""
            when = f"; only when {_show(_condition(form))}" if _condition(form) else ""
            lines.append(f"  {form['name']:<12} {_describe(form)}{default}{when}. {form.get('doc', '')}")
        lines += [f"  {'':<12} with {text}" for text in family.constraints]
        lines += ["", "  metric ="] + [f"  {one.name:<12} {one.direction}. {one.doc}" for one in family.metrics]
        lines += (["", "  [data]"] if family.data else []) + [f"  {key:<12} {doc}" for key, doc in family.data.items()]
    return "\n".join(lines)

"""Drives programs made with seqtune_worker as a study does: over pipes, as processes.

    python3 -m unittest discover plugins/python/tests

`Conformance` asks of them what seqtune's own suite (core/plugin/src/conformance) asks of every family.
"""

import contextlib
import hashlib
import json
import math
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))
import seqtune_worker as sw  # noqa: E402

MINIMAL = HERE / "examples" / "minimal.py"
# How long an answer may take on a busy machine. No test waits for it unless it fails.
PATIENCE = 20.0

# A family that misbehaves on command, at its second step.
PROBE = '''
import os, random, subprocess, sys, time
import seqtune_worker as sw
from seqtune_worker import *

STYLE = sys.argv[1] if len(sys.argv) > 1 else "plain"

class OutOfMemoryError(RuntimeError):
    """As PyTorch calls its own."""

class Array:
    """As NumPy and PyTorch hold numbers."""
    def __init__(self, value): self.value = value
    def tolist(self): return self.value

def prepare(data):
    if data.get("digest"):
        data.digest = data["digest"]
    if data.get("needs"):
        data["file"]
    if "dir" in data:
        data.path("dir")
    data.pop("words", None)
    data.summary["rows"] = Array(3)
    data.summary["odd"] = float("nan")
    return [1, 2, 3]

def misbehave(job, behave):
    if behave == "print":
        print("a stray word")
        os.write(1, b"{\\"type\\":\\"nonsense\\"}\\n")
        subprocess.run([sys.executable, "-c", "print('of a child', input() if False else '')"], check=True)
        assert sys.stdin.read() == ""
    if behave == "raise":
        helper()
    if behave == "library":
        import package
        package.calls()  # LIBRARY
    if behave == "exit":
        sys.exit("no more")
    if behave == "diverge":
        raise Diverged("the loss is NaN")
    if behave == "bad_params":
        raise BadParams("no model can be built")
    if behave == "unusable":
        raise Unusable("there is no device")
    if behave == "memory":
        raise MemoryError
    if behave == "torch_memory":
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    if behave == "cpu_memory":
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
    if behave == "no_space":
        raise OSError(28, "No space left on device")
    if behave == "interrupted":
        raise Interrupted
    if behave == "fork" and os.fork() == 0:
        os.close(1), os.close(2)  # what is the log's; the rest must be closed already
        time.sleep(8)
        os._exit(0)
    if behave == "hang":
        print("hanging")
        time.sleep(3600)
    if behave in ("slow", "deaf"):
        print("slow", flush=True)
        for update in range(3000):
            try:
                job.progress(update, 3000)
            except Interrupted:
                if behave == "slow":
                    raise
                break
            time.sleep(0.01)

def helper():
    raise ValueError("bad\\n  value")  # LINE

class Session:
    def __init__(self, job):
        self.job, self.total = job, 0.0
        if job.checkpoint:
            self.total = float((job.checkpoint / "in" / "total").read_text())
    def step(self):
        job = self.job
        if job.step == 2:
            misbehave(job, job.params["behave"])
        if job.params["behave"] == "dull":
            time.sleep(0.1)
        self.total += job.params["rate"] * random.Random(f"{job.seed} {job.step}").random()
        report = {"loss": self.total, "folds": (self.total, self.total + 1)}
        behave = job.params["behave"]
        if behave == "missing": del report["loss"]
        if behave == "extra": report["los"] = 1
        if behave == "text": report["loss"] = "low"
        if behave == "odd": report = {"loss": float("inf"), "folds": [1, float("nan")]}
        if behave == "array": report = {"loss": Array(0.25), "folds": Array([1, 2])}
        if behave == "undefined": report = {"loss": None, "folds": []}
        if behave == "number": report = 3
        return report
    def save(self, directory):
        (directory / "in").mkdir()
        (directory / "in" / "total").write_text(repr(self.total))
        (directory / "in-").write_text("sorts after the directory and before it by bytes")
        if self.job.params["behave"] == "save_fails":
            raise ValueError("cannot be saved")
        if self.job.params["behave"].startswith("save_full"):
            import resource
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))  # as on a full disk
            try:
                (directory / "large").write_bytes(bytes(100_000))
            except OSError:
                if self.job.params["behave"] == "save_full":
                    raise
                raise RuntimeError("the library failed writing file data/0") from None
    def close(self):
        print(f"closed {self.job.trial}")

class Unsaved:
    def __init__(self, job):
        self.step = Session(job).step

def plain(job):
    behave, session = job.params["behave"], Session(job)
    if behave == "early":
        return
    try:
        for step in job.steps():
            if behave == "skip" and step == 2:
                continue
            yield session.step()
            if behave == "twice":
                yield session.step()
            if behave == "few" and step == 2:
                return
        print("behind the loop", file=sys.stderr)
    finally:
        print(f"cleaned up {job.trial}", file=sys.stderr, flush=True)

def saving(job):
    session = Session(job)
    for step in job.steps(save=session.save):
        yield session.step()

def endless(job):
    session = Session(job)
    while True:
        yield session.step()

def at_once(job):
    return {"loss": job.params["rate"], "folds": [0.5]}

BEHAVE = ["well", "print", "raise", "exit", "diverge", "bad_params", "unusable", "memory", "torch_memory", "cpu_memory",
          "no_space", "interrupted", "hang", "slow", "deaf", "missing", "extra", "text", "odd", "array", "undefined",
          "number", "fork", "dull", "library", "save_fails", "save_full",
          "save_full_in_other_words", "early", "skip", "twice", "few"]
trains = {"plain": plain, "saving": saving, "object": Session, "unsaved": Unsaved, "endless": endless,
          "at_once": at_once, "nothing": lambda job: None}

if __name__ == "__main__":
    serve(Family(name="probe", version="1", summary="Fails on command.", step="step", parameters=[
        Categorical("kind", ["plain", "deep"], default="plain"),
        Int("width", 2, 64, step=2, default=4),
        Float("rate", 0.001, 10.0, log=True, default=1.0, doc="A rate.", source="nobody"),
        Float("grid", 0.0, 0.3, step=0.1, default=0.1),
        Bool("fast", default=False, when={"kind": "plain"}),
        Ordinal("size", [16, 64, 256], default=64, when={"kind": ["plain"], "width": {"at_least": 3}}),
        Int("depth", 1, 4, default=2, when={"kind": "deep"}),
        List("units", len=(1, 4), item=Int(low=8, high=512, log=True), rule="non_increasing", default=[64]),
        List("drops", len="units", item=Float(low=0, high=0.9), default=[0.1]),
        List("blocks", len="depth", item=Categorical(choices=["conv", "pool"]), rule="constant", default=["conv"] * 2),
        Categorical("behave", BEHAVE, default="well"),
    ], constraints=["width <= 64"],
    metrics=[Metric("loss", "minimize", doc="What is left."), Metric("folds", "maximize", "%")],
    data={"file": "The file.", "files": "More.", "dir": "A directory.", "words": "Any.", "digest": "Given.",
          "needs": "Asks for the file."},
    prepare=prepare if STYLE != "unprepared" else None, train=trains.get(STYLE, plain)), arguments=[])
'''

POINT = {
    "kind": "plain", "width": 4, "rate": 1.0, "grid": 0.1, "fast": False, "size": 64, "units": [64], "drops": [0.1],
    "behave": "well",
}  # fmt: skip


class Worker:
    """The study's side of a conversation with one process."""

    def __init__(self, *command, path=HERE):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(path)])}
        environment.pop("PYTHONUNBUFFERED", None)  # as most people run it
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen([sys.executable, *map(str, command)], env=environment, **pipes)
        self.messages = queue.Queue()
        self.noise = []
        self.threads = [threading.Thread(target=self._read), threading.Thread(target=self._read_noise)]
        for thread in self.threads:
            thread.start()
        self.ready = self.next()

    def _read(self):
        for line in self.process.stdout:
            self.messages.put(json.loads(line, parse_constant=self._no_number))
        self.messages.put(None)

    def _read_noise(self):
        for line in self.process.stderr:
            self.noise.append(line.decode())

    @staticmethod
    def _no_number(word):
        raise ValueError(f"{word} is not JSON")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def raw(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def send(self, kind, **fields):
        self.raw(json.dumps({"type": kind, **fields}).encode())

    def next(self, signs_of_life=False):
        while True:
            message = self.messages.get(timeout=PATIENCE)
            if message is None or message["type"] != "progress" or signs_of_life:
                return message

    def prepare(self, values=None, roots=()):
        self.send("prepare", data={"values": values or {}, "roots": [str(root) for root in roots]}, cache="cache")
        return self.next()

    def run(self, trial=1, steps=4, seed=1, point=POINT, attempt=0, plan=None):
        fields = {"seed": seed, "study_seed": 2, "device": "cpu", "steps": steps, "checkpoint": plan}
        self.send("run", trial=trial, attempt=attempt, params=point, **fields)

    def verdict(self, trial=1, verdict="continue"):
        self.send("verdict", trial=trial, verdict=verdict)

    def train(self, trial=1, steps=4, plan=None, look=lambda report: None, **more):
        """Trains a trial to its end; its reports."""
        self.run(trial=trial, steps=steps, plan=plan, **more)
        reports = []
        while (message := self.next())["type"] == "report":
            assert message["trial"] == trial, message
            look(message)
            reports.append(message)
            self.verdict(trial)
        assert message == {"type": "completed", "trial": trial}, message
        done = plan["from"]["step"] if plan and plan.get("from") else 0
        assert [report["step"] for report in reports] == list(range(done + 1, steps + 1)), reports
        return reports

    def ends(self):
        """Closes the input and waits; the exit status, and how many seconds it took."""
        start = time.monotonic()
        self.process.stdin.close()
        while self.messages.get(timeout=PATIENCE) is not None:
            pass
        return self.process.wait(PATIENCE), time.monotonic() - start

    def heard(self, words):
        """Whether standard error has, or soon has, these words."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if words in "".join(self.noise):
                return True
            time.sleep(0.01)
        return False


def plan(directory, every=1, source=None):
    """A checkpoint plan; `source` is the report to go on from."""
    start = {"path": source["checkpoint"]["path"], "step": source["step"]} if source else None
    return {"every": every, "dir": str(directory), "from": start}


def numbers(reports):
    return [json.dumps(report["metrics"]) for report in reports]


def digest_of(directory):
    """The digest of a directory, computed in another way than the worker does."""
    outer = b""
    files = [path for path in Path(directory).rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.relative_to(directory).parts):
        outer += str(path.relative_to(directory)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest()
    return hashlib.sha256(outer).hexdigest()


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.program = self.scratch / "probe.py"
        self.program.write_text(PROBE)

    def probe(self, style="plain", prepared=True, path=HERE):
        worker = Worker(self.program, style, path=path)
        self.addCleanup(worker.__exit__)
        if prepared:
            self.assertEqual(worker.prepare()["type"], "prepared")
        return worker

    def assert_failed(self, message, cause, words, trial=None):
        self.assertEqual(
            (message["type"], message.get("cause"), message.get("trial")), ("failed", cause, trial), message
        )
        self.assertIn(words, message["message"])
        self.assertNotIn("\n", message["message"])


class Conformance(Case):
    def check(self, command, point, bad):
        directory = iter(self.scratch / f"plan-{number}" for number in range(100))

        def worker():
            worker = Worker(*command)
            self.addCleanup(worker.__exit__)
            self.assertEqual((worker.ready["type"], worker.ready["protocol"]), ("ready", 1))
            self.assertLessEqual({"prepare", "checkpoint"}, set(worker.ready["can"]))
            prepared = worker.prepare()
            self.assertEqual(prepared["type"], "prepared", prepared)
            return worker, prepared["digest"]

        def honest(report):
            if (saved := report["checkpoint"]) is not None:
                self.assertEqual(digest_of(saved["path"]), saved["sha256"])
                self.assertEqual(Path(saved["path"]).name, f"step-{report['step']:08}")

        one, digest = worker()
        self.assertRegex(digest, "^[0-9a-f]{64}$")
        first = one.train(point=point, plan=plan(next(directory)), look=honest)
        self.assertTrue(all(report["checkpoint"] for report in first))
        expected = numbers(first)

        other, other_digest = worker()
        self.assertEqual(digest, other_digest)
        self.assertEqual(numbers(other.train(point=point, plan=plan(next(directory)))), expected, "deterministic")
        unsaved = other.train(point=point)
        self.assertEqual(numbers(unsaved), expected, "saving changes nothing")
        self.assertEqual([report["checkpoint"] for report in unsaved], [None] * 4)
        self.assertNotEqual(numbers(other.train(point=point, seed=2)), expected, "the seed matters")
        named = other.train(point=point, trial=4711, attempt=3, plan=plan(next(directory), every=2))
        self.assertEqual(numbers(named), expected, "the number of the trial is for messages")
        self.assertEqual([report["checkpoint"] is not None for report in named], [False, True, False, True])

        for step in (1, 2, 3, 4):
            fresh, _ = worker()
            went_on = fresh.train(
                point=point, attempt=1, plan=plan(next(directory), source=first[step - 1]), look=honest
            )
            self.assertEqual(numbers(went_on), expected[step:], f"going on after step {step}")
        for report in first:
            honest(report)

        # A verdict on another trial changes nothing, and `stop` is the end.
        other.run(trial=1, point=point)
        self.assertEqual(other.next()["step"], 1)
        other.verdict(1001, "stop")
        other.verdict(1)
        self.assertEqual(other.next()["step"], 2)
        other.verdict(1, "stop")
        self.assertEqual(numbers(other.train(trial=2, point=point)), expected)

        for params in bad:
            other.run(point=params)
            self.assert_failed(other.next(), "bad_params", "parameter", trial=1)

        other.run(trial=1, point=point)
        other.send("interrupt")
        other.verdict(1)  # of the report that may have crossed the interruption
        while (message := other.next())["type"] == "report":
            pass
        self.assert_failed(message, "interrupted", "interrupted", trial=1)
        self.assertEqual(numbers(other.train(trial=3, point=point)), expected)

        other.run(point=point)
        other.next()
        other.verdict(1)
        code, seconds = other.ends()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)

    def test_minimal_example(self):
        point = {"lr": 0.05, "decay": 0.0, "k": 2, "optimizer": "momentum", "momentum": 0.5}
        bad = [
            {**point, "lr": 100.0}, {**point, "k": 1.5}, {**point, "optimizer": "adam"}, {**point, "more": 1},
            {key: value for key, value in point.items() if key != "momentum"}, {**point, "optimizer": "sgd"},
        ]  # fmt: skip
        for flags in ([], ["--save"]):
            with self.subTest(flags=flags):
                self.check([MINIMAL, *flags], point, bad)

    def test_the_other_styles_of_training(self):
        for style in ("object", "unsaved"):
            with self.subTest(style=style):
                self.check([self.program, style], POINT, [{**POINT, "rate": 0}])

    def test_both_ways_of_going_on_give_the_same_numbers(self):
        every = [numbers(self.probe(style).train()) for style in ("plain", "saving", "object", "unsaved", "endless")]
        self.assertEqual(every, [every[0]] * 5)


class Description(Case):
    def test_list_is_what_ready_says(self):
        listed = subprocess.run([sys.executable, MINIMAL, "--list"], capture_output=True, check=True)
        with Worker(MINIMAL, "--family", "minimal") as worker:
            info = worker.ready["info"]
            self.assertEqual(json.loads(listed.stdout), [info])
            self.assertEqual(worker.ready["build"]["python"], sys.version.split()[0])
        self.assertEqual(info["parameters"][4]["when"], {"optimizer": "momentum"})
        self.assertEqual(set(info["metrics"][0]), {"name", "direction", "unit", "doc"})

    def test_the_command_line(self):
        def run(*arguments):
            return subprocess.run(
                [sys.executable, MINIMAL, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
            )

        told = run("--help")
        self.assertEqual(told.returncode, 0)
        for words in ("--list", "family = { command", "a number from", "valid/loss", "Sequences to make"):
            self.assertIn(words, told.stdout)
        self.assertEqual(run("--family", "maximal").returncode, 2)
        self.assertEqual(run("--fam", "minimal").returncode, 2)
        nobody = run()
        self.assertEqual((nobody.returncode, json.loads(nobody.stdout)["type"]), (0, "ready"))

    def test_forms_of_parameters(self):
        forms = {form.get("name"): form for form in self.probe(prepared=False).ready["info"]["parameters"]}
        self.assertEqual(
            forms["width"], {"name": "width", "type": "int", "low": 2, "high": 64, "step": 2, "default": 4}
        )
        self.assertEqual(forms["rate"]["log"], True)
        self.assertEqual(forms["rate"]["source"], "nobody")
        self.assertEqual(forms["fast"]["default"], False)
        self.assertEqual(forms["units"]["len"], {"low": 1, "high": 4})
        self.assertEqual(forms["units"]["item"], {"type": "int", "low": 8, "high": 512, "log": True})
        self.assertEqual(forms["drops"]["len"], "units")
        self.assertEqual(forms[None], {"constraint": "width <= 64"})

    def test_what_is_declared_wrongly_is_told_at_the_start(self):
        def family(*parameters, **more):
            usual = {"name": "x", "version": "1", "train": print, "metrics": [sw.Metric("loss", "minimize")]}
            sw.Family(**{**usual, **more}, parameters=parameters)

        width = sw.Int("width", 1, 8)
        family(width, sw.List("units", len="width", item=sw.Bool(), default=[True]))
        for words, declare in [
            ("one word", lambda: family(name="two words")),
            ("at least one metric", lambda: family(metrics=())),
            ("minimize or maximize", lambda: family(metrics=[sw.Metric("loss", "down")])),
            ("metric `a` is declared twice", lambda: family(metrics=[sw.Metric("a", "minimize")] * 2)),
            ("`width` is declared twice", lambda: family(width, width)),
            ("its name; it is missing", lambda: family(sw.Int(low=1, high=2))),
            ("needs the numbers low and high", lambda: family(sw.Float("lr", 1))),
            ("default of parameter `lr` is 3; it must be", lambda: family(sw.Float("lr", 1, 2, default=3))),
            ("`a` follows `width`, which", lambda: family(sw.Bool("a", when={"width": 1}), width)),
            ("`a` follows `b`, which", lambda: family(sw.List("a", len="b", item=sw.Bool()))),
            ("rule of parameter `a`", lambda: family(sw.List("a", len=2, item=sw.Bool(), rule="up"))),
        ]:
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                declare()
        with self.assertRaisesRegex(TypeError, "defualt"):
            sw.Int("width", 1, 2, defualt=1)


class Prepare(Case):
    def fails(self, values, words, roots=(), cause="unusable"):
        self.assert_failed(self.worker.prepare(values, roots), cause, words)

    def test_a_table_that_cannot_be_used_is_explained(self):
        self.worker = self.probe(prepared=False)
        self.fails({"fil": "x"}, "[data]: there is no key `fil`; did you mean `file`?")
        self.fails({"needs": True}, "[data]: the key `file` is missing: The file.")
        self.fails({"dir": 3}, "[data]: dir is 3; it must be the path")
        self.fails({"dir": "nowhere"}, 'data "nowhere" not found: no data directory is known; give one with --data DIR')
        looked = f'data "nowhere" not found; looked at /a/nowhere, {self.scratch}/nowhere; give its place with --data'
        self.fails({"dir": "nowhere"}, looked, ["/a", self.scratch])
        self.worker.run()
        self.assert_failed(self.worker.next(), "crashed", "`run` came before `prepare`", trial=1)
        answer = self.worker.prepare()
        self.assertEqual(answer["summary"], {"rows": 3, "odd": None})
        self.assertEqual(len(self.worker.train()), 4)

    def test_the_digest_is_of_the_table_and_the_files_it_names(self):
        home, moved = self.scratch / "home", self.scratch / "moved"
        for place in (home, moved):
            (place / "folder").mkdir(parents=True)
            (place / "a.csv").write_text("1,2\n")
            (place / "b.csv").write_text("3,4\n")
            (place / "folder" / "c").write_text("5")
        worker = self.probe(prepared=False)

        def digest(root, values):
            answer = worker.prepare(values, [self.scratch / "absent", root])
            self.assertEqual(answer["type"], "prepared", answer)
            return answer["digest"]

        values = {"file": "a.csv", "files": ["b.csv", "folder"], "dir": "folder", "words": "ü"}
        # The table in a canonical form, then name and hash of each file or directory that was asked for.
        expected = hashlib.sha256()
        expected.update('{"dir":"folder","file":"a.csv","files":["b.csv","folder"],"words":"ü"}'.encode())
        for name, content in (("a.csv", b"1,2\n"), ("b.csv", b"3,4\n")):
            expected.update(b"\0" + name.encode() + b"\0" + hashlib.sha256(content).digest())
        expected.update(b"\0folder\0" + bytes.fromhex(digest_of(home / "folder")))
        self.assertEqual(digest(home, values), expected.hexdigest())
        self.assertEqual(digest(moved, values), expected.hexdigest(), "data may move")
        (moved / "folder" / "c").write_text("6")
        self.assertNotEqual(digest(moved, values), expected.hexdigest())
        del values["dir"]
        before = digest(home, values)
        self.assertEqual(digest(moved, values), before, "nobody asked for the directory")
        (moved / "b.csv").write_text("3,5\n")
        self.assertNotEqual(digest(moved, values), before)
        self.assertEqual(digest(home, {"digest": "mine"}), "mine")

    def test_without_prepare_the_table_is_the_data(self):
        worker = self.probe("unprepared", prepared=False)
        self.assertEqual(worker.prepare({"needs": False})["summary"], {})
        self.assertEqual(len(worker.train()), 4)


class Lines(Case):
    def test_a_line_that_is_no_message_is_answered_and_the_worker_goes_on(self):
        worker = self.probe()
        run = {"type": "run", "trial": 1, "params": {}, "seed": 1, "study_seed": 2, "device": "cpu", "steps": 1}
        for line, words in [
            (b"hello", "not a message of the protocol"),
            (b'{"type":"dance"}', "unknown variant `dance`"),
            (b'{"type":"run","trial":1}', "missing field `params` in `run`"),
            (json.dumps({**run, "trial": -1}).encode(), "`trial` must be a whole number from 0"),
            (json.dumps({**run, "seed": True}).encode(), "`seed` must be a whole number"),
            (json.dumps({**run, "checkpoint": {"every": 1}}).encode(), "missing field `dir` in `checkpoint`"),
            (b'{"type":"verdict","trial":1,"verdict":"perhaps"}', "unknown variant `perhaps`"),
            (b'{"type":"interrupt","x":NaN}', "NaN is not JSON"),
            (b"[" * 100_000, "not a message"),
            (b"\xff", "not UTF-8"),
            (b"", "not a message"),
        ]:
            worker.raw(line)
            self.assert_failed(worker.next(), "crashed", words)
        worker.send("apply", what="evaluate", split="test", checkpoint="c")
        self.assert_failed(worker.next(), "crashed", "the family probe cannot evaluate")
        worker.raw(json.dumps({**run, "params": POINT, "mood": "good"}).encode())
        self.assertEqual(worker.next()["type"], "report")

    def test_a_line_that_is_too_long_is_the_last(self):
        for training in (False, True):
            worker = self.probe()
            if training:
                worker.run(point={**POINT, "behave": "slow"})
                worker.next()
                worker.verdict()
                self.assertTrue(worker.heard("slow"))
            # The worker stops reading before the end, and then the pipe may break.
            with contextlib.suppress(BrokenPipeError):
                worker.raw(b"x" * (sw.MAX_LINE_BYTES + (1 if training else 2 << 16)))
            self.assert_failed(worker.next(), "crashed", "longer than 16 MiB")
            self.assertIsNone(worker.next())
            self.assertEqual(worker.process.wait(PATIENCE), 1)

    def test_a_line_of_exactly_the_limit_is_read(self):
        worker = self.probe()
        line = b'{"type":"interrupt"}'
        worker.raw(b" " * (sw.MAX_LINE_BYTES - len(line)) + line)
        self.assertEqual(len(worker.train()), 4)

    def test_one_thing_at_a_time(self):
        worker = self.probe()
        worker.run(trial=3)
        worker.next()
        worker.run(trial=4)
        self.assert_failed(worker.next(), "crashed", "one thing at a time")
        worker.verdict(3)
        self.assertEqual(worker.next()["step"], 2)

    def test_what_crosses_the_end_of_a_trial_does_not_touch_the_next(self):
        worker = self.probe()
        worker.train()
        worker.send("interrupt")
        worker.verdict(1, "stop")
        self.assertEqual(len(worker.train(trial=2)), 4)

    def test_stray_prints_and_reads_do_not_break_the_protocol(self):
        worker = self.probe()
        self.assertEqual(len(worker.train(point={**POINT, "behave": "print"})), 4)
        for words in ("a stray word", "nonsense", "of a child"):
            self.assertTrue(worker.heard(words), words)

    @unittest.skipUnless(hasattr(os, "killpg"), "signals of Unix")
    def test_the_interrupt_key_is_for_the_study(self):
        worker = self.probe()
        worker.run()
        worker.next()
        worker.process.send_signal(signal.SIGINT)
        worker.verdict()
        self.assertEqual(worker.next()["step"], 2)


class Leaving(Case):
    def start(self, behave, style="plain", worker=None, trial=1):
        """A trial in the middle of its second step."""
        worker = worker or self.probe(style)
        worker.run(trial=trial, point={**POINT, "behave": behave})
        worker.next()
        worker.verdict(trial)
        return worker

    def test_an_interruption_reaches_a_step_in_training(self):
        for style in ("plain", "saving", "object"):
            worker = self.start("slow", style)
            self.assertTrue(worker.heard("slow"))
            start = time.monotonic()
            worker.send("interrupt")
            self.assert_failed(worker.next(), "interrupted", "interrupted", trial=1)
            self.assertLess(time.monotonic() - start, 5)
            self.assertEqual(len(worker.train(trial=2)), 4)

    def test_an_interruption_while_a_verdict_is_awaited_ends_the_trial(self):
        worker = self.probe()
        worker.run()
        worker.next()
        worker.send("interrupt")
        self.assert_failed(worker.next(), "interrupted", "interrupted", trial=1)
        self.assertEqual(len(worker.train(trial=2)), 4)

    def test_a_step_that_swallows_the_interruption_is_left_at_its_report(self):
        worker = self.start("deaf")
        self.assertTrue(worker.heard("slow"))
        worker.send("interrupt")
        self.assertEqual(worker.next()["step"], 2)
        self.assert_failed(worker.next(), "interrupted", "interrupted", trial=1)

    def test_a_trial_that_trains_again_can_be_interrupted_and_gives_signs_of_life(self):
        worker = self.probe()
        reports = worker.train(point={**POINT, "behave": "slow"}, steps=1, plan=plan(self.scratch / "first"))
        source = {**reports[0], "step": 3}
        worker.run(steps=5, point={**POINT, "behave": "slow"}, plan=plan(self.scratch / "second", source=source))
        life = worker.next(signs_of_life=True)
        self.assertEqual((life["type"], life["trial"], life["of"]), ("progress", 1, 3000))
        worker.send("interrupt")
        self.assert_failed(worker.next(), "interrupted", "interrupted", trial=1)
        # Also one that never says anything itself.
        dull = plan(self.scratch / "third", source={**reports[0], "step": 90})
        worker.run(steps=100, point={**POINT, "behave": "dull"}, plan=dull)
        life = worker.next(signs_of_life=True)
        self.assertEqual((life["type"], life["of"]), ("progress", 90))
        worker.send("interrupt")
        self.assert_failed(worker.next(), "interrupted", "interrupted", trial=1)

    def test_stopping_lets_the_program_clean_up(self):
        worker = self.probe()
        worker.run(trial=7)
        worker.next()
        worker.verdict(7, "stop")
        self.assertTrue(worker.heard("cleaned up 7"))
        self.assertNotIn("behind the loop", "".join(worker.noise))
        worker.train(trial=8)
        self.assertTrue(worker.heard("behind the loop\ncleaned up 8"))
        worker = self.probe("object")
        worker.run(trial=9)
        worker.next()
        worker.verdict(9, "stop")
        self.assertTrue(worker.heard("closed 9"))

    def test_the_end_of_input_ends_it(self):
        idle = self.probe()
        self.assertEqual(idle.ends()[0], 0)
        waiting = self.probe()
        waiting.run()
        waiting.next()
        self.assertEqual(waiting.ends()[0], 0)
        slow = self.start("slow")
        self.assertTrue(slow.heard("slow"))
        code, seconds = slow.ends()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 4)
        self.assertIn("cleaned up 1", "".join(slow.noise))

    @unittest.skipUnless(hasattr(os, "fork"), "processes of Unix")
    def test_a_helper_that_lives_on_does_not_hold_the_output_open(self):
        worker = self.start("fork")
        worker.next()
        code, seconds = worker.ends()
        self.assertEqual(code, 0)
        self.assertLess(seconds, 5)

    def test_the_end_of_input_ends_a_step_that_never_returns(self):
        # As it is when the study is killed: all pipes close.
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        process = subprocess.Popen([sys.executable, self.program], env=environment, **pipes)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        run = {
            "trial": 1,
            "params": {**POINT, "behave": "hang"},
            "seed": 1,
            "study_seed": 2,
            "device": "cpu",
            "steps": 4,
        }
        for message in (
            {"type": "prepare", "data": {"values": {}}, "cache": ""},
            {"type": "run", **run},
            {"type": "verdict", "trial": 1, "verdict": "continue"},
        ):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
        for kind in (b"ready", b"prepared", b"report"):
            self.assertIn(kind, process.stdout.readline())
        self.assertIn(b"hanging", process.stderr.readline())
        start = time.monotonic()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertLess(time.monotonic() - start, 10)


class Params(Case):
    def test_what_is_not_in_the_space_is_refused(self):
        worker = self.probe()
        deep = {key: value for key, value in POINT.items() if key not in ("fast", "size")}
        deep.update(kind="deep", depth=2, blocks=["conv", "conv"])
        without = {key: value for key, value in POINT.items() if key != "rate"}
        for params, words in [
            ({**POINT, "rate": 11}, "`rate` is 11; it must be a number from 0.001 to 10"),
            ({**POINT, "rate": "high"}, '`rate` is "high"; it must be a number'),
            ({**POINT, "rate": True}, "`rate` is true"),
            ({**POINT, "rate": None}, "`rate` is null"),
            ({**POINT, "grid": 0.15}, "`grid` is 0.15; it must be a number from 0 to 0.3 in steps of 0.1"),
            ({**POINT, "width": 3}, "a whole number from 2 to 64 in steps of 2"),
            ({**POINT, "width": 4.5}, "`width` is 4.5"),
            ({**POINT, "width": True}, "`width` is true"),
            ({**POINT, "width": 66}, "`width` is 66"),
            ({**POINT, "kind": "wide"}, '`kind` is "wide"; it must be one of "plain", "deep"'),
            ({**POINT, "size": 32}, "`size` is 32; it must be one of 16, 64, 256"),
            ({**POINT, "size": "64"}, '`size` is "64"'),
            ({**POINT, "fast": 1}, "`fast` is 1; it must be true or false"),
            ({**POINT, "depth": 2}, '`depth` is set, but it exists only when {"kind": "deep"}'),
            ({**POINT, "width": 2}, "`size` is set, but it exists only when"),
            ({**POINT, "blocks": []}, "`blocks` is set, but it exists only when"),
            ({**POINT, "ratee": 1}, "there is no parameter `ratee`; did you mean `rate`?"),
            (without, "parameter `rate` is missing; it must be"),
            (
                {**POINT, "units": 64},
                "a list of 1 to 4 items, each a whole number from 8 to 512, none above the one before it",
            ),
            ({**POINT, "units": []}, "`units` is []"),
            ({**POINT, "units": [8] * 5, "drops": [0] * 5}, "`units` is [8, 8, 8, 8, 8]"),
            ({**POINT, "units": [64, 65], "drops": [0, 0]}, "`units` is [64, 65]"),
            ({**POINT, "units": [64, 4], "drops": [0, 0]}, "`units` is [64, 4]"),
            ({**POINT, "drops": [0.1, 0.1]}, "`drops` is [0.1, 0.1]; it must be a list as long as `units`"),
            ({**deep, "blocks": ["conv"]}, "a list as long as `depth`"),
            ({**deep, "blocks": ["conv", "pool"]}, '`blocks` is ["conv", "pool"]'),
        ]:
            with self.subTest(words):
                worker.run(point=params)
                self.assert_failed(worker.next(), "bad_params", words, trial=1)
        self.assertEqual(len(worker.train(point=deep)), 4)
        # Numbers take the kind of their parameter; a grid forgives the last digits.
        kinds = {"rate": 1, "width": 4.0, "grid": 0.1 + 0.2, "size": 64.0, "units": [64.0, 8], "drops": [0, 1e-9]}
        self.assertEqual(len(worker.train(point={**POINT, **kinds})), 4)

    def test_numbers_take_the_kind_of_their_parameter(self):
        parameters = [
            sw.Float("f", 0, 1), sw.Int("i", 0, 5), sw.Categorical("c", [1, 2.0]), sw.Float("g", 0, 0.3, step=0.1),
            sw.List("l", len=1, item=sw.Float(low=0, high=1)),
        ]  # fmt: skip
        checked = sw._check_params(parameters, {"f": 1, "i": 2.0, "c": 2, "g": 0.1 + 0.2, "l": [0]})
        self.assertEqual(repr(checked), "{'f': 1.0, 'i': 2, 'c': 2.0, 'g': 0.3, 'l': [0.0]}")


class Failures(Case):
    def test_each_error_has_its_cause_and_the_worker_goes_on(self):
        def place(mark):
            line = next(at for at, text in enumerate(PROBE.splitlines(), start=1) if mark in text)
            return f" at {self.program}:{line}"

        elsewhere = tempfile.TemporaryDirectory()
        self.addCleanup(elsewhere.cleanup)
        (Path(elsewhere.name) / "package.py").write_text("import json\ndef calls():\n    json.loads('{')\n")
        worker = self.probe(path=elsewhere.name)
        for behave, cause, words in [
            ("raise", "crashed", f"ValueError: bad value{place('# LINE')}"),
            ("library", "crashed", place("# LIBRARY")),
            ("exit", "crashed", "SystemExit: no more at "),
            ("diverge", "diverged", "the loss is NaN"),
            ("bad_params", "bad_params", "no model can be built"),
            ("unusable", "unusable", "there is no device"),
            ("memory", "out_of_memory", "MemoryError at "),
            ("torch_memory", "out_of_memory", "OutOfMemoryError: CUDA out of memory"),
            ("cpu_memory", "out_of_memory", "can't allocate memory"),
            ("no_space", "no_space", "No space left on device"),
            ("interrupted", "crashed", "nobody had asked for it"),
            ("few", "crashed", "train() ended after 2 of 4 steps"),
            ("skip", "crashed", "step 2 ended without a report"),
        ]:
            with self.subTest(behave):
                worker.run(point={**POINT, "behave": behave})
                while (message := worker.next())["type"] == "report":
                    worker.verdict()
                self.assert_failed(message, cause, words, trial=1)
        self.assertTrue(worker.heard("Traceback"))
        self.assertEqual(len(worker.train(trial=2)), 4)

    def test_reports_are_checked(self):
        worker = self.probe()
        for behave, words in [
            ("missing", "declares the metric `loss` and did not report it"),
            ("extra", "reported the metric `los`, which it does not declare; did you mean `loss`?"),
            ("text", "the metric `loss` is 'low'; it must be a number"),
            ("number", "reported a int; a report is a dict"),
            ("early", "train() ended after 0 of 4 steps"),
        ]:
            with self.subTest(behave):
                worker.run(point={**POINT, "behave": behave})
                self.assert_failed(worker.next(), "crashed", words, trial=1)
        worker.run(point={**POINT, "behave": "twice"})
        worker.next()
        worker.verdict()
        self.assert_failed(worker.next(), "crashed", "reported twice in step 1", trial=1)
        worker = self.probe("nothing")
        worker.run()
        self.assert_failed(worker.next(), "crashed", "it returned a NoneType", trial=1)

    def test_numbers_that_are_none(self):
        worker = self.probe()
        for behave, loss, folds in [
            ("odd", None, {"mean": None, "parts": [1.0, None]}),
            ("array", 0.25, {"mean": 1.5, "parts": [1.0, 2.0]}),
            ("undefined", None, {"mean": None, "parts": []}),
        ]:
            [report] = worker.train(point={**POINT, "behave": behave}, steps=1)
            self.assertEqual(report["metrics"], {"loss": loss, "folds": folds})

    def test_a_mean_is_the_same_in_every_python(self):
        parts = [0.1] * 10
        total = 0.0
        for part in parts:
            total += part
        self.assertNotEqual(total / 10, math.fsum(parts) / 10)
        self.assertEqual(sw._metric_value("m", parts), {"mean": total / 10, "parts": parts})

    def test_a_function_that_trains_at_once_has_one_step(self):
        worker = self.probe("at_once")
        [report] = worker.train(steps=1, plan=plan(self.scratch / "plan"))
        self.assertEqual(report["metrics"]["loss"], 1.0)
        worker.run(steps=2)
        worker.next()
        worker.verdict()
        self.assert_failed(worker.next(), "crashed", "train() ended after 1 of 2 steps", trial=1)


class Checkpoints(Case):
    def test_they_come_when_they_are_due(self):
        worker = self.probe("saving")
        for every, expected in ((0, [4]), (3, [3, 4]), (100, [4])):
            reports = worker.train(plan=plan(self.scratch / f"every-{every}", every))
            self.assertEqual([report["step"] for report in reports if report["checkpoint"]], expected)

    def test_one_that_is_left_from_an_earlier_attempt_is_replaced(self):
        directory = self.scratch / "plan"
        worker = self.probe("saving")
        first = worker.train(plan=plan(directory, 4))
        (directory / "step-00000002.tmp-999999" / "in").mkdir(parents=True)
        second = worker.train(plan=plan(directory, 4), seed=2)
        self.assertNotEqual(first[-1]["checkpoint"]["sha256"], second[-1]["checkpoint"]["sha256"])
        self.assertEqual(digest_of(directory / "step-00000004"), second[-1]["checkpoint"]["sha256"])
        self.assertEqual(os.listdir(directory), ["step-00000004"])

    def test_a_save_that_fails_leaves_the_one_before(self):
        directory = self.scratch / "plan"
        worker = self.probe("saving")
        saved = worker.train(plan=plan(directory, 4))[-1]["checkpoint"]
        worker.run(point={**POINT, "behave": "save_fails"}, steps=4, plan=plan(directory, 4))
        for _ in range(3):
            worker.next()
            worker.verdict()
        self.assert_failed(worker.next(), "crashed", "step-00000004 cannot be saved: ValueError: cannot be saved at", 1)
        self.assertEqual(digest_of(saved["path"]), saved["sha256"])
        (self.scratch / "file").write_text("")
        worker.run(plan=plan(self.scratch / "file"))
        self.assert_failed(worker.next(), "crashed", "step-00000001 cannot be saved", trial=1)

    @unittest.skipUnless(hasattr(os, "fork"), "limits of Unix")
    def test_a_full_disk_is_told_from_a_crash(self):
        for behave in ("save_full", "save_full_in_other_words"):
            worker = self.probe("saving")
            worker.run(point={**POINT, "behave": behave}, plan=plan(self.scratch / "plan"))
            self.assert_failed(worker.next(), "no_space", "step-00000001 cannot be saved", trial=1)

    def test_one_that_is_gone_is_named(self):
        worker = self.probe()
        source = {"checkpoint": {"path": str(self.scratch / "absent")}, "step": 2}
        worker.run(plan=plan(self.scratch / "plan", source=source))
        self.assert_failed(worker.next(), "crashed", "there is no checkpoint", trial=1)

    def test_a_trial_whose_last_step_is_saved_has_nothing_left_to_do(self):
        worker = self.probe()
        reports = worker.train(plan=plan(self.scratch / "plan"))
        self.assertEqual(worker.train(plan=plan(self.scratch / "plan", source=reports[-1])), [])

    def test_a_program_that_no_longer_saves_says_so(self):
        source = self.probe("saving").train(plan=plan(self.scratch / "plan"))[1]
        for style in ("plain", "unsaved", "endless"):
            worker = self.probe(style)
            worker.run(plan=plan(self.scratch / "next", source=source))
            self.assert_failed(worker.next(), "crashed", "holds what save() wrote", trial=1)

    def test_one_without_a_model_serves_a_program_that_saves_now(self):
        source = self.probe("plain").train(plan=plan(self.scratch / "plan"))[1]
        self.assertEqual(os.listdir(source["checkpoint"]["path"]), [sw.REPLAY_FILE])
        worker = self.probe("saving")
        went_on = worker.train(plan=plan(self.scratch / "next", source=source))
        self.assertEqual(numbers(went_on), numbers(worker.train())[2:])

    def test_digests_sort_paths_by_their_parts(self):
        for name in ("a/b", "a-b", "a.b", "c/d/e", "b"):
            (self.scratch / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.scratch / "tree" / name).write_text(name)
        self.assertEqual(sw.directory_digest(self.scratch / "tree"), digest_of(self.scratch / "tree"))


if __name__ == "__main__":
    unittest.main()

"""seqtune, driven by `seqtune ask-tell`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from optimisers import Exhausted
from problems import Params, Space


def find_program(named: Path | None) -> Path:
    """The program that was named, else the one in `SEQTUNE`, else the one on the path."""
    chosen = named or os.environ.get("SEQTUNE") or shutil.which("seqtune")
    if not chosen or not Path(chosen).is_file():
        raise FileNotFoundError(f"seqtune was not found ({chosen}); name it with --seqtune")
    return Path(chosen)


def version_of(program: Path) -> str:
    """Changes with every build that differs."""
    return f"seqtune-{hashlib.sha256(program.read_bytes()).hexdigest()[:8]}"


class AskTell:
    """One process, one study."""

    def __init__(self, program: Path, space: Space, sampler: str, seed: int) -> None:
        self.process = subprocess.Popen(
            [program, "ask-tell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        first = {"space": [_written(parameter) for parameter in space], "direction": "minimize", "seed": seed}
        self._request(first | {"sampler": sampler})

    def ask(self) -> tuple[int, Params]:
        trials = self._request({"ask": 1})["trials"]
        if not trials:
            raise Exhausted
        return trials[0]["id"], trials[0]["params"]

    def tell(self, trial: int, value: float) -> None:
        self._request({"tell": {"id": trial, "value": value}})

    def add(self, trials: Sequence[tuple[Params, float]]) -> None:
        self._request({"add": [{"params": params, "value": value} for params, value in trials]})

    def cpu_seconds(self) -> float:
        if sys.platform == "linux":
            # The clock of another process's processor time, as clock_getcpuclockid(3) makes its number.
            return time.clock_gettime((~self.process.pid << 3) | 2)
        # Elsewhere the time that passes while it answers, which is no less.
        return time.perf_counter()

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"seqtune ended with {self.process.wait()} at {json.dumps(request)[:200]}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            if "have been tried" in reply["error"]:
                raise Exhausted
            raise RuntimeError(reply["error"])
        return reply


def _written(parameter: dict[str, Any]) -> dict[str, Any]:
    """Without what is so by default."""
    return {key: value for key, value in parameter.items() if not (key == "log" and value is False)}

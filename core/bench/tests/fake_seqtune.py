#!/usr/bin/env python3
"""Speaks the protocol of `seqtune ask-tell` and searches at random. Exhausted after as many asks as FAKE_ASKS says."""

import json
import os
import random
import sys


def main() -> None:
    assert sys.argv[1] == "ask-tell"
    first = json.loads(sys.stdin.readline())
    assert set(first) <= {"space", "direction", "sampler", "seed"}
    rng = random.Random(first["seed"])
    reply({"ok": True, "protocol": 1, "name": "seqtune", "sampler": first["sampler"]})
    running: set[int] = set()
    asked = 0
    for line in sys.stdin:
        request = json.loads(line)
        if "ask" in request:
            if asked == int(os.environ.get("FAKE_ASKS", "1000000")):
                reply({"error": "all 7 points of the space have been tried"})
                continue
            params = {p["name"]: rng.uniform(p["low"], p["high"]) for p in first["space"]}
            running.add(asked)
            reply({"trials": [{"id": asked, "params": params, "under_way": len(running)}]})
            asked += 1
        elif "tell" in request:
            known = request["tell"]["id"] in running
            running.discard(request["tell"]["id"])
            reply({"ok": True} if known else {"error": "no running trial"})


def reply(value: dict) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()

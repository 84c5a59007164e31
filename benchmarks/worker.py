"""Times one contestant of a case in this process; one request a line (see peers.Remote).

python -m benchmarks.worker FAMILY [--quick]
"""

from __future__ import annotations

import importlib
import json
import sys

from .harness import Contest, Settings, check
from .peers import threads


def main() -> None:
    family, *flags = sys.argv[1:]
    settings = Settings(threads(), quick="--quick" in flags)
    module = importlib.import_module(f"benchmarks.contests.{family}")
    cases = {case.name: case for case in module.cases(settings, local=True)}
    contestant = None
    for line in sys.stdin:
        request = json.loads(line)
        if "case" in request:
            built = cases[request["case"]].build()
            assert isinstance(built, Contest)
            contestant = built.contestants[request["contestant"]]
            built.contestants = {request["contestant"]: contestant}
            check(built)
            print("true", flush=True)
        else:
            assert contestant is not None
            print(contestant.seconds(request["repeats"]), flush=True)


if __name__ == "__main__":
    main()

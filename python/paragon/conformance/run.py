"""One conformance run: contenders x (vectors, standard programs, fuzzing) -> findings and a drift report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from ..executors import Executor, executors
from ..ir.errors import ExecutorError, ParagonError
from ..ir.program import Program
from ..ir.spec import Array
from .external import External
from .programs import standard_programs
from .report import Outcome, drift_report
from .vectors import load_vectors, run_case, run_cases

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Contender:
    """An executor with settings, under the name that reports use."""

    name: str
    executor: Executor
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Findings:
    """What a run found.

    `vectors` has (right, all) cases for each contender, `report` is the drift report (`write_report`), and `failures` has one
    line for every vector, program or fuzzed sample that went wrong.
    """

    vectors: dict[str, tuple[int, int]]
    report: dict[str, Any]
    failures: list[str]

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not self.failures


def contenders(names: Sequence[str] = (), commands: Mapping[str, str] | None = None) -> list[Contender]:
    """The executors to compare: the reference first, every setting of cpu, other plug-ins, and external commands.

    Args:
        names: keep only executors of these names ("cpu" or "cpu avx2"); all available ones when empty. A single one that is
            left gets the reference for company, so that there is something to compare.
        commands: name -> command line of an implementation in another process.

    Raises:
        ExecutorError: a name that is unknown or not available.
    """
    found: list[Contender] = []
    known = executors()
    for name in sorted(known, key=lambda n: n != "reference"):
        executor = known[name]
        if not executor.available:
            if name in names:
                raise ExecutorError(f"the executor {name!r} is not available: {executor.reason}")
            continue
        found += _variants(name, executor)
    for name, command in (commands or {}).items():
        external = External(name, command)
        if not external.available:
            raise ExecutorError(f"{name}: {external.reason}")
        found.append(Contender(name, external))
    wanted = [
        c for c in found if not names or c.name in names or c.name.split()[0] in names or c.name in (commands or {})
    ]
    if missing := [n for n in names if not any(n in (c.name, c.name.split()[0]) for c in found)]:
        raise ExecutorError(f"there is no executor {missing[0]!r}; there are {', '.join(c.name for c in found)}")
    if len(wanted) == 1 and wanted[0].name != "reference":
        return [Contender("reference", known["reference"]), *wanted]
    return wanted


def _variants(name: str, executor: Executor) -> list[Contender]:
    """A contender for each setting of an executor, whatever the number of threads: sessions choose that themselves."""
    found: dict[str, Contender] = {}
    for options in executor.settings():
        kept = {key: value for key, value in options.items() if key != "threads"}
        label = " ".join([name, *map(str, kept.values())])
        found.setdefault(label, Contender(label, executor, kept))
    return list(found.values())


def run_program(contender: Contender, program: Program, inputs: Mapping[str, Array], steps: int) -> Outcome:
    """All outputs and the state after some steps, and all values of the first step."""
    begin = time.perf_counter()
    try:
        session = contender.executor.load(program, **contender.options)
        values = session.values(inputs)
        results: dict[str, Array] = {}
        for step in range(steps):
            results |= {f"step {step} {name}": x for name, x in session.run(inputs).items()}
        results |= {f"state {name}": x for name, x in session.state().items()}
    except ParagonError as error:
        return Outcome(contender.name, {}, [], time.perf_counter() - begin, str(error))
    return Outcome(contender.name, results, values, time.perf_counter() - begin)


def check_vectors(contender: Contender, folder: str | Path) -> tuple[int, list[str]]:
    """The number of cases in a folder, and a line for each that an executor gets wrong. The words are compared here."""
    executor, options = contender.executor, contender.options
    failures, count = [], 0
    for _, group in groupby(load_vectors(folder), key=lambda case: case.file):
        cases = list(group)
        count += len(cases)
        if isinstance(executor, External):  # a process a file of vectors instead of one a case
            wrong = run_cases(cases, executor, **options)
        else:
            wrong = [(case, what) for case in cases if (what := run_case(case, executor, **options))]
        failures += [f"{contender.name}: vector {case}: {what}" for case, what in wrong]
    return count, failures


def run_conformance(
    who: Sequence[Contender],
    vectors: str | Path | None = None,
    fuzz_examples: int = 0,
    seed: int = 0,
    progress: Progress = lambda line: None,
) -> Findings:
    """Run the standard programs, and the vectors and random programs that are asked for, on every contender; compare the words.

    Args:
        vectors: a folder of vectors; none when None.
        fuzz_examples: random programs an operation, from `seed` on; needs the `hypothesis` package.
        progress: called with a line of text before each part.

    Raises:
        ExecutorError: no contenders, one alone with nothing to compare, or no hypothesis for fuzzing.

    >>> from paragon.conformance import contenders, run_conformance
    >>> findings = run_conformance(contenders(["reference", "cpu"]))
    >>> findings.passed, findings.failures
    (True, [])
    """
    if not who:
        raise ExecutorError("conformance: no executor to run")
    if len(who) == 1 and (vectors is None or fuzz_examples):
        raise ExecutorError(f"conformance: {who[0].name!r} alone has nothing to compare with; name another executor")
    counts: dict[str, tuple[int, int]] = {}
    failures: list[str] = []
    for contender in who if vectors is not None else ():
        progress(f"vectors on {contender.name}")
        count, wrong = check_vectors(contender, vectors or "")
        counts[contender.name] = count - len(wrong), count
        failures += wrong
    programs = standard_programs()
    outcomes: dict[str, list[Outcome]] = {}
    for name, (program, inputs, steps) in programs.items():
        progress(f"program {name}")
        outcomes[name] = [run_program(c, program, inputs, steps) for c in who]
    report = drift_report({name: p[0] for name, p in programs.items()}, outcomes)
    failures += [
        f"{row['program']}: {row['first']} and {row['second']} differ: {row['first_differing_operation'] or 'in a later step'}"
        for row in report["pairs"]
        if not row["match"]
    ]
    if fuzz_examples:
        try:
            from .fuzz import fuzz
        except ImportError:
            raise ExecutorError("fuzzing needs hypothesis: pip install hypothesis") from None
        progress("fuzzing")
        found = fuzz([(c.name, c.executor, dict(c.options)) for c in who], fuzz_examples, start=seed)
        failures += [str(found)] if found else []
    return Findings(counts, report, failures)

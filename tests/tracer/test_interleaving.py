"""However strace interleaves the lines of processes, the same is observed as in a log where every call is on one line."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import hypothesis.strategies as st
from hypothesis import given, settings

from tests.tracer.folding import Folded, duplicated, executed, exited, fold_lines, forked, read, wrote

NAMES = st.sampled_from(["a", "b", "d/a", "d/b"])


@dataclass(frozen=True)
class Line:
    """A line of process `pid`; `early` is how many lines of others come between its call's entry and return."""

    pid: int
    text: str
    early: int


def calls(pid: int) -> st.SearchStrategy[str]:
    """One call of process `pid`, as a line."""
    return st.one_of(
        st.builds(lambda name: read(pid, name), NAMES),
        st.builds(lambda name: wrote(pid, name), NAMES),
        st.builds(lambda name: wrote(pid, name, flags="O_RDWR|O_CREAT, 0666"), NAMES),
        st.builds(lambda name: duplicated(pid, 3, 1, f"/w/{name}"), NAMES),
        st.builds(lambda name: duplicated(pid, 3, 0, f"/w/{name}"), NAMES),
        st.builds(lambda old, new: f'{pid} rename("{old}", "{new}") = 0', NAMES, NAMES),
        st.builds(lambda old, new: f'{pid} link("{old}", "{new}") = 0', NAMES, NAMES),
        st.builds(lambda name: f'{pid} unlink("{name}") = 0', NAMES),
        st.sampled_from([f'{pid} rename("d", "e") = 0', f'{pid} rename("e", "d") = 0', f'{pid} chdir("/w/d") = 0']),
        st.builds(lambda n: executed(pid, f"program{pid}.{n}"), st.integers(0, 3)),
    )


@st.composite
def logs(draw: st.DrawFn) -> list[Line]:
    """A serial log of a shell and two children, with random places for the entries of its calls."""
    scripts = {pid: [executed(pid, f"child{pid}"), *draw(st.lists(calls(pid), max_size=8)), exited(pid)] for pid in (2, 3)}
    lines = [Line(1, executed(1, "shell"), 0), Line(1, forked(1, 2), 0), Line(1, forked(1, 3), 0)]
    while any(scripts.values()):
        pid = draw(st.sampled_from([pid for pid, script in scripts.items() if script]))
        lines.append(Line(pid, scripts[pid].pop(0), draw(st.integers(0, 4))))
    return lines


def interleaved(lines: list[Line], late: dict[int, int]) -> list[str]:
    """The log as strace prints it: a call's entry comes `early` lines before its return, but after the process's last line.

    `late` moves the return of the shell's forks (by child) behind that many lines.
    """
    halves: list[tuple[float, str]] = []
    last: dict[int, float] = {}
    for n, line in enumerate(lines):
        at = float(n)
        entry = max(at - line.early - 0.5, last.get(line.pid, -1.0) + 0.1)
        if "clone(" in line.text:
            child = int(line.text.rpartition("= ")[2])
            entry, at = at, at + late[child] + 0.3
            if last.get(1, -1.0) > entry:
                entry = last[1] + 0.1
                at = max(at, entry + 0.1)
        if entry < at and "+++" not in line.text and line.pid in last:
            pid, rest = line.text.split(" ", 1)
            head, _, result = rest.rpartition(") = ")
            halves += [(entry, f"{pid} {head} <unfinished ...>"), (at, f"{pid} <... {rest.partition('(')[0]} resumed>) = {result}")]
        else:
            halves.append((at, line.text))
        last[line.pid] = at
    return [text for _, text in sorted(halves, key=lambda half: half[0])]


def timed(lines: list[str]) -> list[str]:
    return [line.replace(" ", f" 1700000000.{n * 100:06d} ", 1) for n, line in enumerate(lines)]


def told(found: Folded) -> object:
    """All that was observed, but for times and numbers."""
    versions = []
    for version in found.observation.versions:
        readers = sorted((use.image.argv[0], use.path, use.mixed) for use in version.uses.values())
        writers = sorted((image.argv[0], made.tentative, made.stream) for image, made in version.generations.items())
        versions.append((version.path, version.external, version.ended is None, version.removed, readers, writers))
    images = sorted((i.argv[0], i.parent.argv[0] if i.parent else "", i.cwd, i.ended is None) for i in found.observation.images)
    return images, sorted(versions, key=repr), found.observer.running, found.observation.counts.unparsed


@settings(max_examples=300, deadline=None)
@given(logs(), st.integers(0, 12))
def test_interleaving_changes_nothing(lines: list[Line], late: int) -> None:
    serial = fold_lines(timed([line.text for line in lines]))
    mixed = interleaved(lines, {2: 0, 3: late})
    assert told(fold_lines(timed(mixed))) == told(serial), "\n".join(mixed)


@settings(max_examples=200, deadline=None)
@given(logs(), st.randoms(use_true_random=False))
def test_a_damaged_log_is_still_observed(lines: list[Line], random: Random) -> None:
    """Lines lost, doubled, out of order or of other processes: no exception, and no process is counted twice."""
    damaged = interleaved(lines, {2: 0, 3: 3})
    for _ in range(random.randint(1, 8)):
        n, m = random.randrange(len(damaged)), random.randrange(len(damaged))
        act = random.randrange(5)
        if act == 0 and len(damaged) > 1:
            del damaged[n]
        elif act == 1:
            damaged.insert(m, damaged[n])
        elif act == 2:
            damaged[n], damaged[m] = damaged[m], damaged[n]
        elif act == 3:
            damaged[n] = str(random.randint(1, 4)) + damaged[n][1:]
        else:
            damaged.insert(n, f"{random.randint(1, 3)} +++ superseded by execve in pid {random.randint(1, 3)} +++")
    found = fold_lines(timed(damaged))
    assert [image.id for image in found.observation.images] == list(range(len(found.observation.images)))
    for version in found.observation.versions:
        assert version.ended is None or found.observer.current(version.path) is not version

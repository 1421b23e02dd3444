"""Where each version of a file is, however it was renamed: any sequence of acts agrees with a plain dictionary."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from tracer.files import Files
from tracer.observation import Version

PATHS = ["/a", "/b", "/d", "/d/a", "/d/b", "/d/e/a", "/d/e/f/a", "/g/a", "/g/e/b"]
PLACES = [*PATHS, "/d/e", "/d/e/f", "/g", "/g/e", "/h"]

acts = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(PATHS)),
        st.tuples(st.just("remove"), st.sampled_from(PATHS)),
        st.tuples(st.just("overwrite"), st.sampled_from(PATHS)),
        st.tuples(st.just("move"), st.sampled_from(PLACES), st.sampled_from(PLACES)),
        st.tuples(st.just("exchange"), st.sampled_from(PLACES), st.sampled_from(PLACES)),
    ),
    max_size=25,
)


def below(path: str, place: str) -> bool:
    return path == place or path.startswith(place + "/")


def moved(path: str, old: str, new: str) -> str:
    return new + path[len(old) :]


@settings(max_examples=400, deadline=None)
@given(acts)
def test_any_sequence_of_acts_agrees_with_a_dictionary(sequence: list[tuple[str, ...]]) -> None:
    files = Files()
    naive: dict[str, Version] = {}
    ever: list[Version] = []
    for time, (act, path, *rest) in enumerate(sequence, 1):
        other = rest[0] if rest else ""
        if rest and (below(path, other) or below(other, path)):
            continue  # the kernel says EINVAL or ENOTEMPTY, or does nothing
        if act == "add":
            files.overwrite(path, time)
            version = files.add(Version(path, external=False))
            naive[path] = version
            ever.append(version)
        elif act == "remove":
            assert files.remove(path, time) is naive.pop(path, None)
        elif act == "overwrite":
            files.overwrite(path, time)
            naive.pop(path, None)
        elif act == "move":
            files.move(path, other, time, time)
            for name in [name for name in naive if below(name, path)]:
                naive[moved(name, path, other)] = naive.pop(name)
        else:
            files.exchange(path, other, time, time)
            swapped = {
                moved(n, path, other) if below(n, path) else moved(n, other, path) if below(n, other) else n: version
                for n, version in naive.items()
            }
            naive = swapped
        for place in PLACES:
            assert files.get(place) is naive.get(place)
            assert files.is_directory(place) == any(n != place and below(n, place) for n in naive)
    assert {version.path: version for version in naive.values()} == naive
    assert files.all() == ever
    assert [version.ended is None for version in ever] == [version in naive.values() for version in ever]


def test_a_removed_version_says_so_and_an_overwritten_one_does_not() -> None:
    files = Files()
    first = files.add(Version("/a", external=False))
    files.overwrite("/a", 5)
    second = files.add(Version("/a", external=False))
    files.remove("/a", 6)
    assert (first.ended, first.removed) == (5, False)
    assert (second.ended, second.removed) == (6, True)
    assert files.get("/a") is None


def test_who_hashes_by_a_name_that_was_taken_away_is_disturbed() -> None:
    """The file at the old name may be another one by then, with times as old as one likes."""
    files = Files()
    version = files.add(Version("/d/a", external=True))
    files.move("/d", "/e", 10, 12)
    assert version.path == "/e/a"
    assert version.disturbed(since=5, until=20)
    assert version.disturbed(since=12, until=20)  # a call that was seen to begin and return at once took effect later
    assert not version.disturbed(since=13, until=20)
    assert not version.disturbed(since=5, until=9)

"""The files of two aligned steps matched one to one: by place and content, then content alone, then place, then name."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable

from roar_tui.lineage.diff.graph import File
from roar_tui.lineage.diff.places import Places, tail, without_varying

Match = tuple[File | None, File | None]
Key = Callable[[File], Hashable]


class _Matcher:
    """What is left of both sides; `by` takes out what has equal keys."""

    def __init__(self, a: Iterable[File], b: Iterable[File]) -> None:
        self.a = sorted(a, key=lambda file: (file.path, file.opened, file.row))
        self.b = sorted(b, key=lambda file: (file.path, file.opened, file.row))
        self.matches: list[Match] = []

    def by(self, key_a: Key, key_b: Key, *, certain: bool = True, apart: bool = False) -> None:
        """Match files with equal keys (None: no key), in order.

        Where not `certain` only groups of equal size; `apart`: only across directories, where one may have replaced another.
        """
        if not self.a or not self.b:
            return
        groups: dict[Hashable, tuple[list[File], list[File]]] = {}
        for side, files, key in ((0, self.a, key_a), (1, self.b, key_b)):
            for file in files:
                value = key(file)
                if value is not None:
                    groups.setdefault(value, ([], []))[side].append(file)
        done: set[File] = set()
        for left, right in groups.values():
            if left and right and (certain or len(left) == len(right)):
                for pair in zip(left, right, strict=False):
                    if apart and os.path.dirname(pair[0].path) == os.path.dirname(pair[1].path):
                        continue
                    self.matches.append(pair)
                    done.update(pair)
        if done:
            self.a = [file for file in self.a if file not in done]
            self.b = [file for file in self.b if file not in done]


def match(
    a: Iterable[File],
    b: Iterable[File],
    places_a: Places,
    places_b: Places,
    flow_a: Key | None = None,
    flow_b: Key | None = None,
    *,
    products: bool = False,
) -> list[Match]:
    """Every file of both sides once: with its counterpart, or alone. Two inputs with different names in one directory are two.

    `flow_a` and `flow_b` give what made a file, in terms that both sides share, where both made it alike.
    """
    left = _Matcher(a, b)
    left.by(lambda f: (f.path, f.digest), lambda f: (f.path, f.digest))
    left.by(lambda f: (places_a.relative(f.path), f.digest), lambda f: (places_b.relative(f.path), f.digest))
    if flow_a is not None and flow_b is not None:
        left.by(flow_a, flow_b)
    left.by(lambda f: f.named, lambda f: f.named)  # a symbolic link that leads elsewhere now is one input, not two
    left.by(lambda f: f.named and places_a.relative(f.named), lambda f: f.named and places_b.relative(f.named))
    _renamed(left, places_a, places_b)
    left.by(lambda f: f.path, lambda f: f.path)
    left.by(lambda f: places_a.relative(f.path), lambda f: places_b.relative(f.path))
    left.by(lambda f: places_a.by_argument(f.path), lambda f: places_b.by_argument(f.path))
    for length in (4, 3, 2, 1):
        left.by(lambda f, n=length: (f.role, tail(f.path, n)), lambda f, n=length: (f.role, tail(f.path, n)), certain=False)  # type: ignore[misc]
    left.by(
        lambda f: (f.role, without_varying(places_a.relative(f.path))),
        lambda f: (f.role, without_varying(places_b.relative(f.path))),
        certain=False,
        apart=not products,
    )
    left.by(lambda f: (f.role, _kind(f)), lambda f: (f.role, _kind(f)), certain=False, apart=not products)
    return [*left.matches, *((file, None) for file in left.a), *((None, file) for file in left.b)]


def match_products(a: Iterable[File], b: Iterable[File], places_a: Places, places_b: Places) -> list[Match]:
    """`match` for what two aligned steps made: the only one of its kind on either side is the same thing by whatever name."""
    matches = match(a, b, places_a, places_b, products=True)
    alone_a = [file for file, other in matches if file is not None and other is None]
    alone_b = [file for other, file in matches if file is not None and other is None]
    left = _Matcher(alone_a, alone_b)
    left.by(_suffix(alone_a), _suffix(alone_b), certain=False)
    matched = [pair for pair in matches if pair[0] is not None and pair[1] is not None]
    return [*matched, *left.matches, *((file, None) for file in left.a), *((None, file) for file in left.b)]


def _renamed(left: _Matcher, places_a: Places, places_b: Places) -> None:
    """Match equal contents whose place the other side does not have: moved or renamed, not changed."""
    names_a = {file.path for file in left.a} | {places_a.relative(file.path) for file in left.a}
    names_b = {file.path for file in left.b} | {places_b.relative(file.path) for file in left.b}

    def key(places: Places, others: set[str]) -> Key:
        def content(file: File) -> Hashable:
            here = file.path in others or places.relative(file.path) in others
            return None if file.digest is None or here else file.digest

        return content

    left.by(key(places_a, names_b), key(places_b, names_a))


def _kind(file: File) -> str:
    """The last name without numbers and ids; the whole where nothing of a name would be left."""
    name = os.path.basename(file.path)
    short = without_varying(name)
    return short if any(character.isalpha() for character in os.path.splitext(short)[0]) else name


def _suffix(files: list[File]) -> Key:
    """Role and suffix of the only file that has them."""
    kinds = [(file.role, os.path.splitext(file.path)[1]) for file in files]

    def key(file: File) -> Hashable:
        kind = (file.role, os.path.splitext(file.path)[1])
        return kind if kinds.count(kind) == 1 else None

    return key

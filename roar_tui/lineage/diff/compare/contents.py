"""What differs inside code and config files: lines of text, keys of a config."""

from __future__ import annotations

from roar_tui.lineage.diff.finding import Finding, change_of
from roar_tui.lineage.diff.result import Category, Change
from roar_tui.lineage.diff.texts import Texts
from roar_tui.lineage.diff.values import flat


def describe(finding: Finding, texts: Texts, cwd: str) -> list[Finding] | None:
    """`finding` with the lines that changed; for a config file a finding for each key. None: another spelling of the same.

    `cwd` is what the file of `file:key` is named relative to.
    """
    if "role" not in finding.detail or finding.category not in (Category.CODE, Category.PARAMS):
        return [finding]
    lines = texts.change(finding.a, finding.b, finding.mirror, finding.subject)
    if lines is not None:
        finding.detail["lines"] = lines
    if finding.category is Category.CODE or finding.change is not Change.CHANGED or not finding.own:
        return [finding]
    one = flat(texts.get(finding.a, finding.mirror), finding.mirror)
    other = flat(texts.get(finding.b, finding.subject), finding.subject)
    if one is None or other is None:
        return [finding]
    name, mirror = (path[len(cwd) + 1 :] if path.startswith(cwd + "/") else path for path in (finding.subject, finding.mirror))
    found = []
    for key in sorted(one.keys() | other.keys()):
        if key in one and key in other and one[key] == other[key] and type(one[key]) is type(other[key]):
            continue
        change = change_of(one.get(key) if key in one else None, other.get(key) if key in other else None)
        if key in one and key in other:
            change = Change.CHANGED
        each = Finding(Category.PARAMS, f"{name}:{key}", change, one.get(key), other.get(key), finding.pair)
        each.mirror = f"{mirror}:{key}"
        each.detail = {"path": finding.subject, "key": key, **({"lines": lines} if lines is not None else {})}
        found.append(each)
    return found or None

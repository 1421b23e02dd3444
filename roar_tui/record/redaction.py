"""Secrets are taken out of variables, arguments and texts before anything is written; a keyed hash of each remains.

The hash lets a diff say "changed" without saying what; without the key nobody can try values against it.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import blake3
import platformdirs

from roar_tui.record import secret_patterns
from roar_tui.record.secret_patterns import has_secret, secret_file

__all__ = [
    "REDACTED",
    "has_secret",
    "key_id",
    "key_path",
    "load_key",
    "redact_argv",
    "redact_text",
    "redact_variables",
    "secret_file",
]

REDACTED: Final = "<redacted>"
_KEY_BYTES: Final = 32
_HASH_BYTES: Final = 16

# Options of well-known commands that no name gives away: command -> flags whose value is, or ends in, a password.
_FLAGS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"), ("-p",)),
    **dict.fromkeys(("docker", "podman", "nerdctl", "sshpass", "mongo", "mongosh", "mongodump", "7z", "7za"), ("-p",)),
    "curl": ("-u", "-U", "--user", "--proxy-user"),
    "openssl": ("-pass", "-passin", "-passout", "-k"),
    **dict.fromkeys(("ldapsearch", "ldapmodify", "ldapadd"), ("-w",)),
    **dict.fromkeys(("zip", "unzip"), ("-P",)),
    **dict.fromkeys(("http", "https", "xh", "redis-cli"), ("-a",)),
    **dict.fromkeys(("smbclient", "smbget"), ("-U",)),
}
_ATTACHED_ONLY: Final = frozenset({"mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump", "7z", "7za"})
_ATTACHED: Final = frozenset({*_ATTACHED_ONLY, "sshpass", "curl", "mongo", "mongosh", "mongodump"})
_USER_FIRST: Final = frozenset({"curl", "http", "https", "xh", "smbclient", "smbget"})  # user:password, user%password
_LOGIN_ONLY: Final = frozenset({"docker", "podman", "nerdctl"})  # elsewhere their -p is a port
_WRAPPERS: Final = frozenset({"env", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo", "time", "timeout", "xargs"})
_SHELL_CODE: Final = re.compile(r"-[a-z]*c")  # the argument after it is a command line, not a value
_SHELL_WORD: Final = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s;&|()]+|[;&|()]+|\n")


def key_path() -> Path:
    """Where the user's key lies: the configuration directory, not the store, so that copying a store never copies the key."""
    return Path(platformdirs.user_config_dir("roar-tui", appauthor=False)) / "redaction.key"


def load_key(path: Path) -> bytes:
    """The 32-byte key in `path`, made (mode 0600) when absent; a random one for this run only when that is impossible."""
    with contextlib.suppress(OSError):
        if len(key := path.read_bytes()) == _KEY_BYTES:
            return key
    key = os.urandom(_KEY_BYTES)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{key[:4].hex()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
            os.link(temporary, path)  # unlike a rename never replaces the key that another run has just made
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        with contextlib.suppress(OSError):
            if len(other := path.read_bytes()) == _KEY_BYTES:
                return other
    except OSError:
        pass  # hashes under this key are then equal to no others: a diff says unknown, which is true
    return key


def key_id(key: bytes) -> str:
    """A name for `key` that does not give it away: hashes under different keys are never compared."""
    return blake3.blake3(b"roar-tui redaction key", key=key).hexdigest(length=8)


def redact_variables(env: Mapping[str, str], key: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """(variables with secrets replaced, `$NAME` -> keyed hash of each value that held one)."""
    variables: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for name, value in env.items():
        shown = REDACTED if secret_patterns.secret_value(name, value) else redact_text(value)
        variables[name] = shown
        if shown != value:
            secrets[f"${name}"] = _hash(value, key)
    return variables, secrets


def redact_argv(argv: Sequence[str], key: bytes) -> tuple[list[str], dict[str, str]]:
    """(arguments with secrets replaced, keyed hash of each value that held one by what names it).

    The name is `--option`, the `key` of `key=value`, or `argument N` with N the index in `argv`; a second of a name gets `#2`.
    """
    shown = list(argv)
    secrets: dict[str, str] = {}

    def found(subject: str, value: str) -> None:
        number = sum(known == subject or known.startswith(f"{subject}#") for known in secrets)
        secrets[f"{subject}#{number + 1}" if number else subject] = _hash(value, key)

    flagged = _flagged(shown)
    for index, argument in enumerate(argv):
        before = argv[index - 1] if index > 1 else ""
        if index in flagged:
            shown[index] = argument[: flagged[index]] + REDACTED
            found(f"argument {index}", argument)
        elif (
            (_is_option(before) or _is_setting(argv, index - 1))
            and not _is_option(argument)
            and secret_patterns.secret_value(before, argument, option=True)
        ):
            shown[index] = REDACTED
            found(before, argument)
        elif index and not _SHELL_CODE.fullmatch(before) and (whole := _assignment(argument)):
            name, value = whole
            shown[index] = f"{name}={REDACTED}"
            found(name, value)
        elif (text := redact_text(argument)) != argument:
            shown[index] = text
            found(f"argument {index}", argument)
    return shown, secrets


def redact_text(text: str) -> str:
    """`text` with everything that is a secret by its looks, or by what names it, replaced; URLs keep user and host."""
    spans = secret_patterns.spans(text)
    if any(character.isspace() for character in text):
        spans = sorted({*spans, *_flagged_in_shell(text)})
    pieces: list[str] = []
    position = 0
    for begin, end in spans:
        if end <= position:
            continue
        if begin >= position:
            pieces += (text[position:begin], REDACTED)
        position = end
    return "".join(pieces) + text[position:] if pieces else text


def _assignment(argument: str) -> tuple[str, str] | None:
    """(name, value) of `name=value` and `--name=value` whose value is secret as a whole."""
    name, equals, value = argument.partition("=")
    if not equals or not re.fullmatch(r"[-+\w.]+", name):
        return None
    return (name, value) if secret_patterns.secret_value(name, value, option=not name.isupper()) else None


def _is_option(argument: str) -> bool:
    """`--name` or `-name`: what follows may be its value."""
    return re.fullmatch(r"--?[A-Za-z][\w.-]*", argument) is not None


def _is_setting(argv: Sequence[str], index: int) -> bool:
    """The name in `aws configure set NAME VALUE` and its like."""
    return index > 1 and argv[index - 1] == "set" and argv[index].isidentifier()


def _flagged(argv: Sequence[str]) -> dict[int, int]:
    """Arguments that hold a password by the flags of a well-known command: index -> how many characters of it may be shown."""
    names = [argument.rpartition("/")[2] for argument in argv]
    wrapped = re.compile(r"-.*|\d+[smhd]?|\w+=.*", re.DOTALL)
    start = next((at for at, name in enumerate(names) if name not in _WRAPPERS and not wrapped.fullmatch(name)), len(argv))
    command = names[start] if start < len(argv) else ""
    flags = _FLAGS.get(command, ())
    if not flags or (command in _LOGIN_ONLY and "login" not in argv):
        return {}
    flagged: dict[int, int] = {}
    for index in range(start + 1, len(argv)):
        argument, before = argv[index], argv[index - 1]
        if before in flags and command not in _ATTACHED_ONLY and index - 1 > start:
            split = re.search("[:%]", argument) if command in _USER_FIRST else None
            if split or command not in _USER_FIRST:
                flagged[index] = split.end() if split else 0
        elif command in _ATTACHED and len(argument) > 2 and argument[:2] in flags and argument[1] != "-":
            split = re.search("[:%]", argument) if command in _USER_FIRST else None
            if split or command not in _USER_FIRST:
                flagged[index] = split.end() if split else 2
    return flagged


def _flagged_in_shell(text: str) -> list[secret_patterns.Span]:
    """The same for the commands in a shell's command line."""
    found: list[secret_patterns.Span] = []
    words: list[re.Match[str]] = []
    if not any(command in text for command in _FLAGS):
        return found
    for word in (*_SHELL_WORD.finditer(text), None):
        if word is not None and not re.fullmatch(r"[;&|()]+|\n", word[0]):
            words.append(word)
            continue
        for index, shown in _flagged([match[0].strip("\"'") for match in words]).items():
            begin, end = words[index].span()
            quoted = text[begin] in "\"'"
            found.append((begin + quoted + shown, end - quoted))
        words = []
    return found


def _hash(value: str, key: bytes) -> str:
    return blake3.blake3(value.encode("utf-8", "surrogatepass"), key=key).hexdigest(length=_HASH_BYTES)

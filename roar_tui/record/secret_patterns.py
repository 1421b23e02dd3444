"""What a secret looks like: by the name that it is given, by its own form, by the file that it lies in.

Names decide in variables and options, forms decide anywhere in a text. Digests, commit ids, paths and the "tokens" and "keys"
of machine learning (pad_token, max_tokens, image_key) are not secrets.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import Final

Span = tuple[int, int]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Suspicion(enum.Enum):
    """How sure a name is: STRONG whatever the value, WEAK unless the value is a number, a switch or a path."""

    NONE = 0
    WEAK = 1
    STRONG = 2


# (what a text must hold for the form to be looked for, ASCII lower case; the form). Group 1, where there is one, is the secret.
# Looking for all forms everywhere costs 0.6 s per MB of source, this 0.08 s.
_FORMS: Final = tuple(
    (tuple(hint.encode() for hint in hints.split()), re.compile(pattern))
    for hints, pattern in (
        ("akia asia abia acca", r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
        ("ghp_ gho_ ghu_ ghs_ ghr_", r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{30,}"),
        ("github_pat_", r"(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{22,}"),
        ("glpat- gldt- glrt- glptt-", r"(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt)-[\w-]{20,}"),
        ("hf_", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"),
        ("sk-", r"(?<![\w-])sk-(?:proj|ant|svcacct|admin|or|None)-[\w-]{20,}"),
        ("sk-", r"(?<![\w-])sk-(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,}(?![A-Za-z0-9])"),
        ("sk_ rk_ whsec_", r"(?<![A-Za-z0-9])(?:sk|rk|whsec)_(?:live_|test_)?(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{20,}"),
        ("xox", r"(?<![A-Za-z0-9])xox[abeprs]-[\w-]{10,}"),
        ("xapp-", r"(?<![A-Za-z0-9])xapp-\d-[\w-]{10,}"),
        ("hooks.slack.com", r"hooks\.slack\.com/services/([\w/]{20,})"),
        ("aiza", r"(?<![A-Za-z0-9])AIza[\w-]{35}(?![\w-])"),
        ("ya29.", r"(?<![A-Za-z0-9])ya29\.[\w-]{20,}"),
        (
            "pypi npm- npm_ dop_v1 shpat nvapi r8- r8_ gsk- gsk_ dckr_pat",
            r"(?<![A-Za-z0-9])(?:pypi|npm|dop_v1|shpat|nvapi|r8|gsk|dckr_pat)[-_][A-Za-z0-9_-]{32,}",
        ),
        ("eyj", r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
        ("-----begin", r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)"),
        ("://", r"://[^\s/:@\"'?#]*:([^\s/\"'?#]+)@"),  # user:password@host
        ("://", r"://((?=[^\s/:@]*\d)[A-Za-z0-9_-]{20,})@"),  # token@host
        ("authorization", r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token|digest)\s+([^\s\"'$<{]{6,})"),
        ("authorization", r"(?i)\bauthorization[\"']?\s*[:=]\s*[\"']?((?=[^\s\"']*\d)[^\s\"'$<{]{12,})"),
        ("bearer basic", r"(?i)(?<!\w)(?:bearer|basic)\s+((?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*)"),
        (
            "accountkey= sharedaccess pwd= password=",
            r"(?i)(?<=[;\"'])\s*(?:AccountKey|SharedAccessKey|SharedAccessSignature|Pwd|Password)=([^\s;\"'$<{][^\s;\"']*)",
        ),
        ("sig= signature= token=", r"(?i)[?&](?:sig|x-amz-signature|x-amz-security-token|x-goog-signature)=([\w%+/=-]{8,})"),
    )
)
_HINT: Final = re.compile(b"|".join(sorted({re.escape(hint) for hints, _ in _FORMS for hint in hints})))
_KEYWORDS: Final = (b"pass", b"secret", b"token", b"key", b"cred", b"auth", b"pwd", b"cookie", b"jwt", b"_pat", b"bearer")
_KEYWORD: Final = re.compile(b"|".join(_KEYWORDS))

_STRONG: Final = ("password", "passwd", "passphrase", "passcode", "secret", "apikey", "secretkey", "privatekey", "accesskey")
_QUALIFIERS: Final = _set(
    """
    algorithm arn class column count dim dir directory dropout embedding embeddings enabled env expires expiry field
    file folder freq func header id ids index info len length level limit list loss manager method mode name path
    policy prompt provider rate ratio regex required rule size sock socket source stdin store timeout ttl type uri url
    usage var version weight
    """
)
_SWITCHES: Final = _set(
    """
    allow ask check disable enable has hide is no prompt require show skip use verify with without
    """
)
_MODEL_TOKENS: Final = _set(
    """
    audio begin block bos chunk class cls completion context end eos extra first image input last mask max min n new
    num number output pad per prefix prompt query sentence sep special start stop suffix text total train unk video
    vision
    """
)
_PLAIN_KEYS: Final = _set(
    """
    cache column data dict feature field foreign group hot image index input join json label lookup map metric monitor
    order output partition primary prompt public query record row short sort state target text value
    """
)
_KEY_KINDS: Final = _set(
    """
    access account admin anthropic api app application auth aws azure client cohere comet consumer deploy encryption
    gcp github google groq hf huggingface license master mistral neptune openai pinecone private replicate secret
    service signing ssh storage subscription wandb
    """
)
_NO_SECRET: Final = re.compile(
    r"(?i)|-?\d{1,5}|-?\d*\.\d+(e-?\d+)?|\d+e-?\d+|true|false|yes|no|on|off|none|null|nil|auto|default|<[^>]*>|\*+|x{3,}"
    r"|\$.*|\{\{?.*|%\(?\w+.*|`.*"
)
_PATH: Final = re.compile(r"(~|\.{1,2})?/[\w.@+~-]+(/[\w.@+~-]+)*/?|file://.*|[\w./-]+\.(json|ya?ml|pem|key|txt|toml|crt|p12)")
_WORDS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

# One word of a shell: bare or quoted pieces. After a quoted one JSON's punctuation ends it.
_QUOTED: Final = r"(?:\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*')"
_WORD: Final = rf"(?P<value>{_QUOTED}(?:[^\s;&|\"'`,:}}\])]|{_QUOTED})*|[^\s;&|\"'`](?:[^\s;&|\"'`]|{_QUOTED})*)"
_ASSIGNED: Final = re.compile(  # NAME=value, --name=value, "name": "value", Name: value, in a command line or a text
    rf"(?<![\w.-])(?P<name>-{{0,2}}[A-Za-z_][\w.-]*)(?:[\"']?\s*:\s*|[\"']\]\s*=\s*|\s*=\s*(?=[\"'])|=){_WORD}"
)
_OPTION: Final = re.compile(rf"(?<![\w.-])(?P<name>--?[A-Za-z][\w-]*)\s+(?!-){_WORD}")  # --name value, in a command line
_LITERAL: Final = re.compile(  # name = "value" in source
    r"(?<![\w.-])(?P<name>[A-Za-z_][\w.-]*)[\"'\]]*\s*(?::\s*\w+\s*)?(?:=>|[:=])\s*[rbuf]?(?P<quote>[\"'])(?P<value>[^\"'\n]{6,})(?P=quote)"
)
_LINE: Final = re.compile(  # name: value, in YAML, INI and shell
    r"(?m)^[+\- ]?[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*[:=][ \t]*(?P<value>[^\s\"'#(\[{$<]{6,})[ \t]*$"
)
_EXAMPLES: Final = re.compile(
    r"(?i).*(your|example|placeholder|change.?me|dummy|redacted|x{4}|\.\.\.).*|[a-z_ -]*(pass|password|secret|token|key)s?"
)

_SECRET_FILES: Final = re.compile(
    r"(?i)\.env(\.(?!example|sample|template|dist).*)?|.+\.env|(id_(rsa|dsa|ecdsa|ed25519)(_sk)?|identity)(?!.*\.pub$).*|"
    r".*\.(pem|key|p12|pfx|jks|keystore|kdbx|ovpn|ppk|tfvars|tfstate)|[._]netrc|\.pgpass|\.my\.cnf|\.pypirc|\.npmrc|\.boto|\.s3cfg|"
    r"\.git-credentials|\.databrickscfg|\.htpasswd|\.vault-token|rclone\.conf|kubeconfig.*|kaggle\.json|stored_tokens|g?shadow-?|"
    r"(.*[._-])?(credentials?|secrets?|service[._-]?account)([._-].*)?(\.(json|ya?ml|ini|toml|cfg|conf|txt|enc))?"
)
_SECRET_PLACES: Final = re.compile(
    r".*/(\.aws|\.ssh|\.gnupg|\.kube|\.docker|\.azure|\.config/gcloud|\.huggingface)/.*|.*/huggingface/token"
)
_SOURCE: Final = re.compile(r"(?i).*\.(py|pyx|ipynb|r|jl|sh|c|h|cc|cpp|cu|rs|go|java|js|ts|m|rb|pl|lua)")


def suspicion(name: str, *, option: bool = False) -> Suspicion:
    """How likely a variable, or an option of a command (which more often speaks of sort keys), of this name holds a secret."""
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _QUALIFIERS or words[0] in _SWITCHES or name in ("PWD", "OLDPWD"):
        return Suspicion.NONE
    last = words[-1].removesuffix("s") if words[-1] not in ("pass", "credentials", "creds") else words[-1]
    if any(word.endswith(_STRONG) for word in (last, *words)):
        return Suspicion.STRONG
    kinds = set(words[:-1])
    if last == "key":
        wanted = kinds & _KEY_KINDS if option else kinds and not kinds & _PLAIN_KEYS
        return Suspicion.WEAK if wanted else Suspicion.NONE
    if last.endswith("token"):
        many = words[-1].endswith("s") and not kinds & {"api", "auth", "access", "refresh"}
        return Suspicion.NONE if many or kinds & _MODEL_TOKENS else Suspicion.WEAK
    if last in ("credential", "credentials", "cred", "creds", "cookie", "jwt", "bearer") or (last == "auth" and len(words) > 1):
        return Suspicion.WEAK
    if last == "pass":
        return Suspicion.NONE if option and "-" in name.lstrip("-") and not name.startswith("-") else Suspicion.WEAK  # low-pass
    if last.endswith("pwd"):
        return Suspicion.WEAK if kinds or not option else Suspicion.NONE
    return Suspicion.WEAK if last == "pat" and kinds and not option else Suspicion.NONE


def secret_value(name: str, value: str, *, option: bool = False) -> bool:
    """Whether `value`, given to a variable or option `name`, is a secret as a whole."""
    sure = suspicion(name, option=option)
    value = value.strip("\"'")
    if sure is Suspicion.NONE or value in ("", "<redacted>") or value.startswith("$"):
        return False
    return sure is Suspicion.STRONG or not (_NO_SECRET.fullmatch(value) or _PATH.fullmatch(value))


def spans(text: str) -> list[Span]:
    """Where `text` holds secrets, sorted and disjoint: by their form, and by the names they are given in a command line."""
    lower = _lower(text)
    found = list(_by_form(text, lower))
    if _KEYWORD.search(lower):
        for pattern in (_ASSIGNED, _OPTION):
            position = 0
            while match := pattern.search(text, position):
                if secret_value(match["name"], match["value"], option=not match["name"].isupper()):
                    found.append(match.span("value"))
                    position = match.end()
                else:
                    position = match.end("name")  # the value may itself be `name=value`
    return _merged(found)


def _lower(text: str) -> bytes:
    """The bytes of `text` with ASCII letters in lower case, which, unlike str.lower(), leaves every position as it is."""
    return text.encode("utf-8", "surrogatepass").lower()


def _by_form(text: str, lower: bytes) -> Iterator[Span]:
    if _HINT.search(lower) is None:
        return
    for hints, pattern in _FORMS:
        if any(hint in lower for hint in hints):
            for match in pattern.finditer(text):
                yield match.span(pattern.groups)  # 0 or 1


def _merged(found: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(found):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif begin < end:
            merged.append((begin, end))
    return merged


def has_secret(text: str) -> bool:
    """Whether source, configuration or a patch holds what looks like a secret; a doubt costs a snapshot, so it says yes.

    Of the sources of Python's library and of 300 installed packages fewer than one in a hundred is doubted.
    """
    lower = _lower(text)
    if any(_in_earnest(text[begin:end]) for begin, end in _by_form(text, lower)):
        return True
    lines = _lines_with_keywords(text.encode("utf-8", "surrogatepass"), lower)
    return any(
        _is_literal(match["name"], match["value"].rstrip(",;)") if pattern is _LINE else match["value"], bare=pattern is _LINE)
        for line in lines
        for pattern in (_LITERAL, _LINE)
        for match in pattern.finditer(line)
    )


def _lines_with_keywords(data: bytes, lower: bytes) -> Iterator[str]:
    """The lines of `data` in which a keyword stands; `lower` is the same in lower case."""
    begins: set[int] = set()
    for keyword in _KEYWORDS:
        at = lower.find(keyword)
        while at >= 0:
            begin, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
            if begin not in begins:
                begins.add(begin)
                yield data[begin : end if end >= 0 else len(data)].decode("utf-8", "surrogatepass")
            at = lower.find(keyword, end) if end >= 0 else -1


def _in_earnest(found: str) -> bool:
    """Whether what has a secret's form is none of documentation's examples, and of a private key more than the first line."""
    if found.startswith("-----BEGIN"):
        return re.search(r"[A-Za-z0-9+/]{24}", found) is not None
    return not (_EXAMPLES.fullmatch(found) or _NO_SECRET.fullmatch(found))


def _is_literal(name: str, value: str, *, bare: bool) -> bool:
    """Whether `value`, given to `name` in a source, may be a secret; a bare one may be an expression instead."""
    sure = suspicion(name)
    if sure is Suspicion.NONE or _NO_SECRET.fullmatch(value) or _EXAMPLES.fullmatch(value) or _PATH.fullmatch(value):
        return False
    if bare and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value):  # an attribute
        return False
    mixed = bool(re.search(r"\d", value)) and bool(re.search(r"[A-Za-z]", value)) and " " not in value
    return mixed or (sure is Suspicion.STRONG and bool(re.search(r"[^\w. :-]", value)) and " " not in value)


def secret_file(path: str) -> bool:
    """Whether a file of this name is meant to hold secrets (.env, id_rsa, *.pem, credentials, .netrc, kubeconfig...)."""
    name = path.rpartition("/")[2]
    if _SOURCE.fullmatch(name):
        return False
    return bool(_SECRET_FILES.fullmatch(name) or _SECRET_PLACES.fullmatch(path))

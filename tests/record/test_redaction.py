from __future__ import annotations

import os
import stat
import string
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roar_tui.record.redaction import (
    REDACTED,
    has_secret,
    key_id,
    load_key,
    redact_argv,
    redact_text,
    redact_variables,
    secret_file,
)

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
ALNUM = string.ascii_letters + string.digits
B = "b" * 20 + "7" * 16  # a body with a digit, long enough for any form


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD", "12345"),
        ("DB_PASSWORD", "hunter2"),
        ("PGPASSWORD", "x"),
        ("MYSQL_PWD", "x9"),
        ("SMTP_PASS", "x9y"),
        ("HF_TOKEN", "abc"),
        ("GITHUB_TOKEN", "abc"),
        ("GITHUB_PAT", "abc"),
        ("WANDB_API_KEY", "0123456789abcdef0123456789abcdef01234567"),
        ("OPENAI_KEY", "abc"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "abc"),
        ("CLIENT_SECRET", "abc"),
        ("django_secret_key", "abc"),
        ("SESSION_COOKIE", "abc"),
        ("SLURM_JWT", "abc"),
        ("HTTP_AUTH", "me:you"),
        ("dbPassword", "abc"),
        ("TWINE_PASSWORD", "/looks/like/a/path"),
    ],
)
def test_a_variable_whose_name_says_secret_is_redacted_whole(name: str, value: str) -> None:
    variables, secrets = redact_variables({name: value, "LANG": "C"}, KEY)
    assert variables == {name: REDACTED, "LANG": "C"}
    assert list(secrets) == [f"${name}"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PWD", "/home/ada"),
        ("OLDPWD", "/"),
        ("INIT_PWD", "/home/ada"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-x/agent.1"),
        ("GIT_ASKPASS", "/usr/bin/askpass"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("TOKENIZER", "gpt2"),
        ("MAX_TOKENS", "512"),
        ("PAD_TOKEN", "<pad>"),
        ("HF_TOKEN_PATH", "/home/ada/token"),
        ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/home/ada/key.json"),
        ("SSH_KEY", "~/.ssh/id_ed25519"),
        ("SORT_KEY", "name"),
        ("PUBLIC_KEY", "abc"),
        ("USE_PASSWORD", "true"),
        ("API_KEY", ""),
        ("API_KEY", "$OTHER"),
        ("LS_COLORS", "rs=0:di=01;34:ln=01;36"),
        ("SSH_CONNECTION", "10.0.0.1 22 10.0.0.2 22"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus"),
        ("GIT_COMMIT", "726f617d0f3a9c124b6b0f3a9c124b6b0f3a9c12"),
        ("BASH_FUNC_ml%%", '() {  eval "$($LMOD_DIR/ml_cmd "$@")"\n}'),
        ("MONKEY", "banana"),
        ("KEYBOARD", "us"),
        ("AUTHOR", "ada"),
        ("COMPASS", "north"),
        ("BAD", "\udcff\x1b[31m"),
    ],
)
def test_an_ordinary_variable_is_kept(name: str, value: str) -> None:
    assert redact_variables({name: value}, KEY) == ({name: value}, {})


FORMS = {
    "aws": "AKIAIOSFODNN7EXAMPLA",
    "github": f"ghp_{B}",
    "github fine-grained": f"github_pat_11{B}",
    "gitlab": f"glpat-{B}",
    "hugging face": f"hf_{B}",
    "openai": f"sk-proj-{B}",
    "openai old": f"sk-{B}",
    "anthropic": f"sk-ant-api03-{B}",
    "stripe": f"sk_live_{B}",
    "slack": "xoxb-1234567890-abcdefghij",
    "google": "AIza" + "a1b2c" * 7,
    "pypi": f"pypi-{B}",
    "jwt": f"eyJ{B}.eyJ{B}.{B}",
    "pem": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_known_by_its_form_anywhere(form: str) -> None:
    secret = FORMS[form]
    for text in (secret, f"x {secret} y", f"name={secret}", f"'{secret}'", f"({secret})", f"curl https://h/{secret}"):
        assert secret not in redact_text(text)
        assert has_secret(text)
    variables, secrets = redact_variables({"NOTE": f"see {secret}"}, KEY)
    assert variables["NOTE"] == f"see {REDACTED}"
    assert "$NOTE" in secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://ada:pw@host/db", f"postgres://ada:{REDACTED}@host/db"),
        ("https://0123456789abcdef0123@github.com/x", f"https://{REDACTED}@github.com/x"),
        ("http://user:p:w@proxy:80", f"http://user:{REDACTED}@proxy:80"),
        ("Authorization: Bearer abcdef123456", f"Authorization: Bearer {REDACTED}"),
        ("export API_KEY=abc123; run", f"export API_KEY={REDACTED}; run"),
        ("PGPASSWORD='a b' psql", f"PGPASSWORD={REDACTED} psql"),
        ("train --api-key abc123 --lr 0.1", f"train --api-key {REDACTED} --lr 0.1"),
        ('{"password": "abc", "lr": 0.1}', f'{{"password": {REDACTED}, "lr": 0.1}}'),
        ("https://h/x?token=abc&lr=1", f"https://h/x?token={REDACTED}&lr=1"),
        ("sshpass -p hunter2 ssh host", f"sshpass -p {REDACTED} ssh host"),
        ("cd x && curl -u me:pw url", f"cd x && curl -u me:{REDACTED} url"),
        ("mysql -uroot -phunter2 db", f"mysql -uroot -p{REDACTED} db"),
    ],
)
def test_only_the_secret_part_of_a_text_goes(text: str, shown: str) -> None:
    assert redact_text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "git@github.com:org/repo.git",
        "https://github.com/org/repo",
        "http://localhost:8080/path@v1",
        "ssh://git@host/repo",
        "image@sha256:" + "0f3a9c12" * 8,
        "0f3a9c12" * 8,
        "s3://bucket/models/sk-learn/model-v1-final-checkpoint-0001.pt",
        "runs/task-0123456789abcdef0123456789/model.pt",
        "/models/hf_cache/model.safetensors",
        "python3 train.py --lr 0.2 --max-tokens 512 --pad-token '<pad>' --sort-key name",
        "--token $HF_TOKEN",
        "curl -H 'Authorization: Bearer $TOKEN' url",
        "docker run -p 8080:80 image",
        "mysql -p db",
        "ssh -p 2222 host",
        "low-pass:high",
        "author: ada",
        "bad\udcffname\x1b[0m",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    ("argv", "shown", "subjects"),
    [
        (["t", "--password", "a b"], ["t", "--password", REDACTED], ["--password"]),
        (["t", "--token=abc1"], ["t", f"--token={REDACTED}"], ["--token"]),
        (["t", "--wandb-api-key", "abc"], ["t", "--wandb-api-key", REDACTED], ["--wandb-api-key"]),
        (["t", "logger.api_key=abc"], ["t", f"logger.api_key={REDACTED}"], ["logger.api_key"]),
        (["env", "HF_TOKEN=abc", "t"], ["env", f"HF_TOKEN={REDACTED}", "t"], ["HF_TOKEN"]),
        (["t", "--token", "a1", "--token", "b2"], ["t", "--token", REDACTED, "--token", REDACTED], ["--token", "--token#2"]),
        (["t", FORMS["github"]], ["t", REDACTED], ["argument 1"]),
        (["curl", "-u", "me:pw", "u"], ["curl", "-u", f"me:{REDACTED}", "u"], ["argument 2"]),
        (["/usr/bin/curl", "-ume:pw"], ["/usr/bin/curl", f"-ume:{REDACTED}"], ["argument 1"]),
        (["mysql", "-phunter2"], ["mysql", f"-p{REDACTED}"], ["argument 1"]),
        (["sudo", "-E", "sshpass", "-p", "x", "ssh"], ["sudo", "-E", "sshpass", "-p", REDACTED, "ssh"], ["argument 4"]),
        (["docker", "login", "-u", "me", "-p", "x"], ["docker", "login", "-u", "me", "-p", REDACTED], ["argument 5"]),
        (["bash", "-c", "X_TOKEN=abc1 t"], ["bash", "-c", f"X_TOKEN={REDACTED} t"], ["argument 2"]),
        (
            ["aws", "configure", "set", "aws_secret_access_key", "x1"],
            ["aws", "configure", "set", "aws_secret_access_key", REDACTED],
            ["aws_secret_access_key"],
        ),
        (["t", "--wandb_key", "abc1"], ["t", "--wandb_key", REDACTED], ["--wandb_key"]),
        (["curl", "-H", "X-Api-Key: abc1"], ["curl", "-H", f"X-Api-Key: {REDACTED}"], ["argument 2"]),
        (["python", "-c", "e['HF_TOKEN'] = 'x1'"], ["python", "-c", f"e['HF_TOKEN'] = {REDACTED}"], ["argument 2"]),
        (["openssl", "enc", "-k", "pw"], ["openssl", "enc", "-k", REDACTED], ["argument 3"]),
    ],
)
def test_arguments(argv: list[str], shown: list[str], subjects: list[str]) -> None:
    got, secrets = redact_argv(argv, KEY)
    assert got == shown
    assert list(secrets) == subjects


@pytest.mark.parametrize(
    "argv",
    [
        ["python3", "train.py", "--lr", "0.2", "--tokens", "1000", "--eos-token", "</s>", "--key", "label"],
        ["train.py", "--image-key", "jpg", "--label_key=cls", "dedup_key=id", "data.sort_key=x"],
        ["train.py", "--no-password", "next", "--password-file", "/run/x", "--token", "--verbose"],
        ["sort", "--key=2,3", "-k", "1", "x.txt"],
        ["docker", "run", "-p", "80:80", "img"],
        ["ssh", "-p", "22", "host"],
        ["mkdir", "-p", "a/b"],
        ["a\udcff", "b\nc", "\x1b[2J", ""],
        [],
    ],
)
def test_ordinary_arguments_stay(argv: list[str]) -> None:
    assert redact_argv(argv, KEY) == (argv, {})


def test_equal_secrets_have_equal_hashes_under_one_key_only() -> None:
    def hashed(value: str, key: bytes) -> str:
        return redact_variables({"API_KEY": value}, key)[1]["$API_KEY"]

    assert hashed("a", KEY) == hashed("a", KEY)
    assert hashed("a", KEY) != hashed("b", KEY)
    assert hashed("a", KEY) != hashed("a", OTHER)
    assert key_id(KEY) != key_id(OTHER)
    assert hashed("\udcff\ud800", KEY)


def test_the_key_is_made_once_and_readable_by_its_user_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "redaction.key"
    key = load_key(path)
    assert len(key) == 32
    assert load_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["redaction.key"]


def test_without_a_place_for_the_key_a_run_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "redaction.key"
    assert len(load_key(path)) == 32
    assert load_key(path) != load_key(path)
    damaged = tmp_path / "damaged.key"
    damaged.write_bytes(b"short")
    assert len(load_key(damaged)) == 32


@pytest.mark.parametrize(
    "text",
    [
        'password = "hunter2!"',
        "api_key: 'abc123def456'",
        "db:\n  password: hunter22\n",
        "export WANDB_API_KEY=0123456789abcdef\n",
        '+    token="a8f5f167f44f4964e6c998dee827110c"\n',
        '"client_secret": "GOCSPX-abc123",',
        'config["api_key"] = "abc123def456"',
    ],
)
def test_a_secret_in_source_is_detected(text: str) -> None:
    assert has_secret(f"import os\n{text}\nprint(1)\n")


@pytest.mark.parametrize(
    "text",
    [
        'password = os.environ["DB_PASSWORD"]',
        "tokenizer.pad_token = tokenizer.eos_token",
        'pad_token = "<pad00>"',
        "login(password=password, token=args.token)",
        'parser.add_argument("--token", help="the access token to use")',
        'api_key = "your-api-key-here"',
        "password: ${DB_PASSWORD}",
        "max_tokens: 4096000",
        'sort_key = "name1234"',
        'TOKEN_RE = re.compile(r"[a-z0-9]+")',
        'digest = "' + "0f3a9c12" * 8 + '"',
        "authorization: enabled",
        "connect(\n    password=self.password,\n    api_key=config2.api_key,\n)",
        "postgres://user:password@host/db",
        "aws = AKIAIOSFODNN7EXAMPLE",
        'if "-----BEGIN RSA PRIVATE KEY-----" in text:\n    pass',
        "for token in tokens:\n    pass\n",
    ],
)
def test_ordinary_source_holds_no_secret(text: str) -> None:
    assert not has_secret(f"import os\n{text}\nprint(1)\n")


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.production",
        "prod.env",
        "id_rsa",
        "id_ed25519",
        "server.pem",
        "tls.key",
        "credentials",
        "credentials.json",
        "client_secret_1.json",
        "secrets.yaml",
        "service-account.json",
        ".netrc",
        ".pgpass",
        "kubeconfig",
        ".npmrc",
        "kaggle.json",
    ],
)
def test_files_meant_for_secrets(name: str) -> None:
    assert secret_file(f"/home/ada/proj/{name}")
    assert secret_file(name)


@pytest.mark.parametrize(
    "name",
    [".env.example", "environment.yml", "id_rsa.pub", "secrets.py", "keys.py", "tokenizer.json", "params.yaml", "monkey", "x"],
)
def test_files_not_meant_for_secrets(name: str) -> None:
    assert not secret_file(f"/home/ada/proj/{name}")


def test_places_meant_for_secrets() -> None:
    assert secret_file("/home/ada/.aws/config")
    assert secret_file("/home/ada/.docker/config.json")
    assert secret_file("/home/ada/.cache/huggingface/token")


WORD = st.text(alphabet=string.ascii_lowercase + "_.-/", min_size=1, max_size=20)
NUMBER = st.one_of(st.integers(-99999, 99999).map(str), st.floats(0, 1e3).map(lambda number: f"{number:.4f}"))
DIGEST = st.binary(min_size=20, max_size=32).map(bytes.hex)
SECRET = st.one_of(
    st.text(ALNUM, min_size=36, max_size=60).map(lambda body: f"ghp_{body}"),
    st.text(ALNUM, min_size=34, max_size=40).map(lambda body: f"hf_{body}"),
    st.text(string.ascii_uppercase + string.digits, min_size=16, max_size=16).map(lambda body: f"AKIA{body}"),
    st.text(ALNUM, min_size=24, max_size=48).map(lambda body: f"sk-proj-{body}"),
)
AROUND = st.sampled_from(["{}", "x={}", "--opt={}", "a {} b", "https://u:{}@host/", '"{}"', "tee <<< '{}'", "\n{}\t", "(${{{}}})"])


@given(secret=SECRET, around=AROUND, before=st.lists(WORD, max_size=3), after=st.lists(WORD, max_size=3))
def test_no_secret_survives_wherever_it_stands(secret: str, around: str, before: list[str], after: list[str]) -> None:
    argv, secrets = redact_argv(["cmd", *before, around.format(secret), *after], KEY)
    assert not any(secret in argument for argument in argv)
    assert secrets
    variables, _ = redact_variables({"X": around.format(secret)}, KEY)
    assert secret not in variables["X"]


@given(
    name=st.sampled_from(["--password", "--api-key", "--db_password", "--secret", "--auth-token", "--client-secret"]),
    value=st.text(st.characters(exclude_characters="-$\"'\0"), min_size=1).filter(lambda value: not value.isspace()),
)
def test_no_value_of_a_secret_option_survives(name: str, value: str) -> None:
    weak = name in ("--api-key", "--auth-token")
    argv, _ = redact_argv(["cmd", name, value, f"{name}={value}"], KEY)
    if not weak:
        assert argv == ["cmd", name, REDACTED, f"{name}={REDACTED}"]


@given(st.lists(st.one_of(NUMBER, DIGEST, WORD.map(lambda word: f"/data/{word}"), st.sampled_from(["--lr", "-v", "lr=0.1"]))))
def test_numbers_digests_paths_and_options_stay(argv: list[str]) -> None:
    assert redact_argv(["cmd", *argv], KEY)[0] == ["cmd", *argv]


@given(st.text())
@settings(max_examples=200)
def test_redaction_never_fails_and_is_stable(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once
    has_secret(text)
    secret_file(text)


@pytest.mark.parametrize(
    "unit",
    ["a", "A1+/", "key ", "password", "eyJ", "http://", "x=", "token: ", '"', "\n", " ", "'k':", "-----BEGIN PRIVATE KEY-----"],
)
def test_long_hostile_text_takes_linear_time(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    begin = time.process_time()
    redact_text(text)
    has_secret(text)
    assert time.process_time() - begin < 2.0

"""--help, and the pages made from the same table."""

import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("GREENCORN", ROOT / "build/out/greencorn")


def _help():
    done = subprocess.run([BINARY, "--help"], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


def test_no_line_is_wider_than_a_terminal():
    assert [line for line in _help().splitlines() if len(line) > 80] == []


def test_every_setting_is_in_its_group():
    text = _help()
    groups = re.findall(r"^(\w[\w/ ]*):$", text, re.M)
    assert len(groups) == len(set(groups)) > 8
    table = (ROOT / "src/config/settings.def").read_text()
    for name, *_ in re.findall(r"^(?:SETTING|CHOICE)\((\w+), (\w+)", table,
                               re.M):
        assert re.search(rf"^ +{name}\b", text, re.M) or name in text, name


def test_both_pages_are_those_of_the_table():
    done = subprocess.run([ROOT / "scripts/docs", "--check"], timeout=20)
    assert done.returncode == 0


def test_the_man_page_names_every_flag():
    page = (ROOT / "build/docs/greencorn.1").read_text().replace("\\-", "-")
    flags = re.findall(r"(?<![\w-])--[a-z][a-z0-9_-]+", _help())
    assert len(flags) > 80
    for flag in flags:
        assert flag in page, flag


def test_help_helps_also_where_the_environment_is_wrong():
    done = subprocess.run([BINARY, "--help"], timeout=20, capture_output=True,
                          env={"GREENCORN_WORKERS": "many"})
    assert done.returncode == 0


def test_every_setting_and_flag_of_gunicorn_25_is_known():
    """_gunicorn_settings.txt: a line for each: name, flags, default."""
    parts = re.split(r"^(?:SETTING|CHOICE)\((\w+),", (
        ROOT / "src/config/settings.def").read_text(), flags=re.M)
    table = dict(zip(parts[1::2], parts[2::2]))
    lines = (pathlib.Path(__file__).parent /
             "_gunicorn_settings.txt").read_text().splitlines()
    assert len(lines) == 113
    for line in lines:
        name, *flags = line.partition(" = ")[0].split()
        assert name in table, name
        for flag in flags:
            assert re.search(rf'["\s!]{flag}["\s=]', table[name]), line


# Where the default is another, and means the same.
OTHER_DEFAULTS = {
    "config": "",  # looked for, no error when it is not there
    "sendfile": "true",  # Gunicorn's None
}


def test_the_defaults_are_gunicorns():
    run = subprocess.run(
        [BINARY, "--print-config", "--format=json", "--check-config=static"],
        env={"PATH": "/bin", "GREENCORN_WSGI_APP": "app:app"},
        capture_output=True, text=True, check=True, timeout=20)
    ours = json.loads(run.stdout)
    # What the test itself sets, and what the group of this process allows.
    for name in ("wsgi_app", "print_config", "check_config", "workers"):
        del ours[name]
    for line in (pathlib.Path(__file__).parent /
                 "_gunicorn_settings.txt").read_text().splitlines():
        name, default = line.partition(" = ")[0].split()[0], \
            json.loads(line.partition(" = ")[2])
        if name not in ours:
            continue
        value = ours[name]["value"]
        if name in OTHER_DEFAULTS:
            assert value == OTHER_DEFAULTS[name], name
        elif isinstance(default, bool):
            assert value == str(default).lower(), name
        elif isinstance(value, list) and isinstance(default, str):
            assert value == default.split(","), name
        elif not default and default != 0:
            assert not value, name
        else:
            assert value == (default if isinstance(default, (list, dict))
                             else str(default)), name


def test_the_atoms_are_those_of_the_code():
    code = (ROOT / "src/telemetry/access_atoms.c").read_text()
    page = (ROOT / "build/docs/settings.md").read_text()
    keys = dict(re.findall(r"^\| `%\((\w)\)s` \| `?([\w.]*)`? \|", page,
                           re.M))
    letters = re.findall(r"\.letter = '(\w)'", code)
    assert sorted(keys) == sorted([*letters, "l"])
    for letter, key in keys.items():
        assert letter in "lt" or f'"{key}"' in code, letter

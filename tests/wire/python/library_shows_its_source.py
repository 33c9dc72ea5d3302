"""Tracebacks, inspect, pdb and pydoc see the library's source; packages'
data files are there."""

LIBRARY = "/greencorn/lib/python3.13"


def test_traceback(python):
    err = python("-c", "import json; json.loads('{')", fails=1)
    assert f'File "{LIBRARY}/json/decoder.py", line ' in err
    assert "obj, end = self.scan_once(s, idx)" in err


def test_traceback_in_c_without_an_exception(python):
    err = python("-c", "import faulthandler, json; "
                 "faulthandler.dump_traceback(); raise SystemExit(1)",
                 fails=1)
    assert 'File "<string>", line 1' in err


def test_inspect(python):
    code = ("import inspect, argparse; "
            "print(inspect.getsource(argparse.ArgumentParser)"
            ".splitlines()[0]); print(inspect.getsourcefile(argparse))")
    assert python("-c", code) == (
        "class ArgumentParser(_AttributeHolder, _ActionsContainer):\n"
        f"{LIBRARY}/argparse.py\n")


def test_every_source_is_there(python):
    code = """
import _greencorn_frozen as f
from greencorn import _library
bad = [n for n, p in f.modules() if _library.source(n) is None]
print(bad, len(f.modules()) > 500)
"""
    assert python("-c", code) == "[] True\n"


def test_pdb_lists(python, tmp_path):
    (tmp_path / "s.py").write_text("import json\njson.loads('1')\n")
    out = python("-m", "pdb", "s.py",
                 stdin="next\nbreak json.loads\ncontinue\nlist\nquit\n")
    assert f"{LIBRARY}/json/__init__.py" in out
    assert "if not isinstance(s, (bytes, bytearray)):" in out


def test_linecache_by_name_alone(python):
    code = ("import linecache; "
            f"print(linecache.getline('{LIBRARY}/json/decoder.py', 1), "
            "end='')")
    assert python("-c", code) == '"""Implementation of JSONDecoder\n'


def test_pydoc(python):
    assert "JSON (JavaScript Object Notation)" in python("-m", "pydoc", "json")
    assert "zipfile - " in python("-m", "pydoc", "-k", "zipfile")


def test_doctest_of_the_library(python):
    out = python("-c", "import doctest, heapq; "
                 "print(doctest.testmod(heapq).failed)")
    assert out == "0\n"


def test_data_of_packages(python):
    code = """
import importlib.resources as r, pkgutil, pydoc_data
css = r.files("pydoc_data") / "_pydoc.css"
with r.as_file(css) as path:
    assert path.read_bytes() == css.read_bytes()
assert css.is_file() and not css.is_dir() and css.name == "_pydoc.css"
assert pkgutil.get_data("pydoc_data", "_pydoc.css") == css.read_bytes()
assert r.read_text("pydoc_data", "_pydoc.css") == css.read_text()
assert "_pydoc.css" in [f.name for f in r.files("pydoc_data").iterdir()]
try:
    (r.files("pydoc_data") / "none").read_bytes()
except FileNotFoundError:
    print([m.name for m in pkgutil.iter_modules(["%s/json"])])
""" % LIBRARY
    assert python("-c", code) == "['decoder', 'encoder', 'scanner', 'tool']\n"


def test_modules_say_where_they_are(python):
    code = ("import json, json.decoder as d; "
            "print(json.__file__, json.__path__, d.__file__, "
            "json.loads.__code__.co_filename)")
    assert python("-c", code) == (
        f"{LIBRARY}/json/__init__.py ['{LIBRARY}/json'] "
        f"{LIBRARY}/json/decoder.py {LIBRARY}/json/__init__.py\n")

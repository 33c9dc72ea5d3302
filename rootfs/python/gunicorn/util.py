"""What programs take from here: how an application is named."""

import ast
import importlib

from gunicorn.errors import AppImportError


def import_app(module):
    """The application of "module:name" or "module:factory(arguments)"."""
    module, _, text = module.partition(":")
    found = importlib.import_module(module)
    try:
        tree = ast.parse(text or "application", mode="eval").body
    except SyntaxError:
        raise AppImportError(f"Failed to parse {text!r} as an attribute name "
                             "or function call.") from None
    call = tree if isinstance(tree, ast.Call) else None
    name = ast.unparse(call.func if call else tree)
    try:
        for part in name.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise AppImportError(f"Failed to find attribute {name!r} in "
                             f"{module!r}.") from None
    if call:
        found = found(*map(ast.literal_eval, call.args),
                      **{k.arg: ast.literal_eval(k.value)
                         for k in call.keywords})
    if not callable(found):
        raise AppImportError("Application object must be callable.")
    return found

"""The messages of the errors that this package raises, read from its code.

python tools/dev/messages.py          # as a page
"""

import argparse
import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / 'usdrl_mmaction'
ERRORS = PACKAGE / 'errors.py'
GAP = '…'  # for what a message takes from the case at hand


def as_markdown() -> str:
    """A list of messages for each class of errors, with what its docstring says."""
    kinds, found = kinds_of_errors(), defaultdict(set)
    for kind, message in all_messages(set(kinds)):
        found[kind].add(message)
    parts = []
    for kind in (kind for kind in kinds if found[kind]):
        lines = '\n'.join(f'- {escaped(message)}' for message in sorted(found[kind], key=str.casefold))
        parts.append(f'### `{kind}`\n\n{kinds[kind]}\n\n{lines}')
    return '\n\n'.join(parts)


def kinds_of_errors() -> dict[str, str]:
    """The classes of errors.py and the first line of their docstrings."""
    classes = [node for node in ast.parse(ERRORS.read_text()).body if isinstance(node, ast.ClassDef)]
    return {node.name: (ast.get_docstring(node) or '').split('\n\n')[0].replace('\n', ' ') for node in classes}


def all_messages(kinds: set[str]) -> Iterator[tuple[str, str]]:
    """The class and the message of every error that is made in the package with a message of its own."""
    for path in sorted(PACKAGE.rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds and node.args:
                message = ' '.join(text_of(node.args[0]).split())
                if len(message.replace(GAP, '')) > 12:
                    yield node.func.id, message


def text_of(node: ast.expr) -> str:
    """The text of an expression, with gaps for values."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return ''.join(text_of(value) for value in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return GAP


def escaped(message: str) -> str:
    for sign in '\\`*_<[':
        message = message.replace(sign, '\\' + sign)
    return message


if __name__ == '__main__':
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(as_markdown())

"""A process of ours that runs a module is started in one way."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.architecture import modules

HOME = Path("adapters/process/child.py")


def test_only_one_place_runs_a_module_by_its_name() -> None:
    """``-m`` and ``-c`` look for modules in the working folder first; module_command does not."""
    found = {
        f"{file}:{node.lineno}"
        for top in modules.TOPS
        for file in modules.python_files(top)
        for node in ast.walk(modules.tree_of(file))
        if isinstance(node, ast.Constant) and node.value in {"-m", "-c"} and file != HOME
    }
    assert not found
    assert '"-P", "-m"' in (modules.ROOT / HOME).read_text(encoding="utf-8")


def test_nothing_puts_a_folder_before_all_others() -> None:
    """Where modules are looked for is changed by the fork server of a fleet, which does what
    ``python SCRIPT`` does, and by what finds a user's modules.
    """
    allowed = {
        "adapters/command/user_code/user_modules.py",
        "live/fleet/supervision/processes/fork_server_process.py",
    }
    found = {
        str(file)
        for top in modules.TOPS
        for file in modules.python_files(top)
        for node in ast.walk(modules.tree_of(file))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path"
    }
    assert found == allowed

"""Strategy modules that are wrong themselves; the strategy's class is to be ``Mine``."""

from __future__ import annotations

from typing import Final

from tests.proof.misuse.case import Case, add

HOLDER: Final = "from tests.proof.misuse.holder import Holder\n"
MINE: Final = f"{HOLDER}class Mine(Holder):\n    pass\n"
TEXTS: Final = {
    "raises": "1 / 0\n",
    "raises_base": "raise BaseException('planted')\n",
    "raises_nameless": "class E(Exception):\n    def __repr__(self): 1 / 0\n    __str__ = __repr__\n"
    "raise E\n",
    "interrupted": "raise KeyboardInterrupt\n",
    "generator_exit": "raise GeneratorExit\n",
    "sys_exit_0": "import sys\nsys.exit(0)\n",
    "os_exit_0": "import os\nos._exit(0)\n",
    "aborts": "import os\nos.abort()\n",
    "segfaults": "import ctypes\nctypes.string_at(0)\n",
    "syntax": "class Mine(\n",
    "tabs": "class Mine:\n\tdef a(self):\n        pass\n",
    "nul": "a = 1\x00\n",
    "not_utf8": "# -*- coding: ascii -*-\na = 'ä'\n",
    "circular": "import planted\nplanted.Mine\n",
    "imports_nothing": "import no_such_module\n",
    "no_class": HOLDER,
    "other_class": f"{HOLDER}class Mime(Holder):\n    pass\n",
    "no_strategy": "class Mine:\n    pass\n",
    "function": f"{HOLDER}def Mine(config):\n    return Holder(config)\n",
    "plain_strategy": "from nautilus_trader.trading import Strategy\nclass Mine(Strategy):\n    pass\n",
    "module_getattr_raises": "def __getattr__(name):\n    raise RuntimeError(name)\n",
    "deep": "a = " + "(" * 10_000 + ")" * 10_000 + "\n",
    "endless_class": "class Meta(type):\n    def __call__(cls, *a): 1 / 0\n"
    f"{HOLDER}class Mine(Holder, metaclass=Meta):\n    pass\n",
    "two_strategies": f"{MINE}class Second(Mine):\n    pass\n",
    "config_no_dataclass": "from dolphin_strategies import FactorStrategy, FactorStrategyConfig\n"
    "class C(FactorStrategyConfig):\n    size: object = None\n"
    "class Mine(FactorStrategy[C]):\n    def __init__(self, config):\n"
    "        super().__init__(config)\n        self.x = config.size + 1\n",
    "config_odd_types": "from dataclasses import dataclass\nimport re\n"
    "from dolphin_strategies import FactorStrategy, FactorStrategyConfig\n"
    "@dataclass(frozen=True, kw_only=True)\n"
    "class C(FactorStrategyConfig):\n    size: 'no_such_type' = 0\n    p: re.Pattern | None = None\n"
    "class Mine(FactorStrategy[C]):\n    pass\n",
    "config_required": "from dataclasses import dataclass\n"
    "from dolphin_strategies import FactorStrategy, FactorStrategyConfig\n"
    "@dataclass(frozen=True, kw_only=True)\n"
    "class C(FactorStrategyConfig):\n    size: int\n"
    "class Mine(FactorStrategy[C]):\n    pass\n",
    "config_raises": "from dataclasses import dataclass\n"
    "from dolphin_strategies import FactorStrategy, FactorStrategyConfig\n"
    "@dataclass(frozen=True, kw_only=True)\n"
    "class C(FactorStrategyConfig):\n    def __post_init__(self): 1 / 0\n"
    "class Mine(FactorStrategy[C]):\n    pass\n",
    "thread_at_import": "import threading, time\n"
    f"{MINE}threading.Thread(target=time.sleep, args=(3600,)).start()\n",
    "signal_at_import": f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_DFL)\n{MINE}",
    "path_emptied": f"import sys\n{MINE}sys.path.clear()\n",
    "removes_itself": f"import os\n{MINE}os.unlink(__file__)\n",
    "loop_at_import": f"import asyncio\nasyncio.run(asyncio.sleep(0))\n{MINE}",
    "prints_a_lot": f"print('x' * (1 << 22))\n{MINE}",
}
FINE: Final = {
    "two_strategies",
    "thread_at_import",
    "signal_at_import",
    "path_emptied",
    "removes_itself",
    "loop_at_import",
    "prints_a_lot",
}

for _name, _text in TEXTS.items():
    add(
        Case(
            name=f"modules/{_name}",
            text=_text,
            must_fail=_name not in FINE,
            is_reached=False,
            seconds=1.5,
        )
    )

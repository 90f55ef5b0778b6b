"""The cases of misuse, a file a kind of them."""

from tests.proof.misuse.case import CASES
from tests.proof.misuse.cases import callbacks as callbacks
from tests.proof.misuse.cases import clocks as clocks
from tests.proof.misuse.cases import interpreters as interpreters
from tests.proof.misuse.cases import loops as loops
from tests.proof.misuse.cases import modules as modules
from tests.proof.misuse.cases import names as names
from tests.proof.misuse.cases import orders as orders
from tests.proof.misuse.cases import overrides as overrides
from tests.proof.misuse.cases import processes as processes
from tests.proof.misuse.cases import regions as regions
from tests.proof.misuse.cases import signals as signals
from tests.proof.misuse.cases import threads as threads

__all__ = ["CASES"]

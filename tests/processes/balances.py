"""Prints the balances of a Beancount file, as Beancount computes them: account,amount per line.

Any complaint of Beancount's is an error.
"""

import sys

from beancount import loader
from beancount.core import realization

entries, errors, _ = loader.load_file(sys.argv[1])
if errors:
    sys.exit("\n".join(str(error) for error in errors[:20]))
for account in realization.iter_children(realization.realize(entries), leaf_only=False):
    for position in account.balance:
        assert position.units.currency == "IDR" and position.cost is None, account
        print(f"{account.account},{position.units.number}")

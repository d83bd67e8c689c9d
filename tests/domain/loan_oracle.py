"""Recomputes loan schedules from the words of the domain, on exact fractions.

Reads one JSON object per line and compares each instalment with what this script computes by
itself; annuities are compared with numpy-financial too. Prints how many it compared, and stops at
the first difference. Money is in sen, days are ISO dates.
"""

import calendar
import json
import sys
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

import numpy_financial

STEPS = {"DAILY": 1, "WEEKLY": 7, "TWO_WEEKLY": 14, "SELAPANAN": 35}


def months_later(day, months):
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def due_dates(case):
    start, count = date.fromisoformat(case["start"]), case["count"]
    if case["frequency"] == "CUSTOM":
        return [date.fromisoformat(day) for day in case["due_days"]]
    if case["first_due_on"]:
        first = date.fromisoformat(case["first_due_on"])
        ahead = range(count)
    else:
        first = start
        ahead = range(1, count + 1)
    if case["frequency"] == "MONTHLY":
        return [months_later(first, n) for n in ahead]
    return [first + timedelta(days=STEPS[case["frequency"]] * n) for n in ahead]


def thirty_360(a, b):
    """30E/360."""
    return 360 * (b.year - a.year) + 30 * (b.month - a.month) + min(b.day, 30) - min(a.day, 30)


def rate_of_period(case, begin, end):
    """The rate of one period, as a fraction of one."""
    percent = Fraction(case["rate"]) / 100
    count = case["day_count"]
    if count in ("UNSPECIFIED", "PER_PERIOD"):
        return percent
    if count == "ACTUAL_365":
        return percent * (end - begin).days / 365
    if count == "ACTUAL_360":
        return percent * (end - begin).days / 360
    assert count == "THIRTY_360", count
    return percent * thirty_360(begin, end) / 360


def half_up(number):
    return floor(number + Fraction(1, 2))


def up_to(unit, number):
    return ceil(number / unit) * unit


def schedule(case):
    """The instalments as (due day, principal, jasa that falls due, jasa that is earned)."""
    days = due_dates(case)
    lent, method, last = case["amount"], case["method"], len(days) - 1
    unit = case["rounding_rupiah"] * 100 or 1
    no_principal, no_jasa = case["principal_grace"], case["interest_grace"]
    if method == "MUSIMAN":
        no_principal = no_jasa = last
    if method == "MUSIMAN_JASA_BERKALA":
        no_principal = last
    charged_later = case["interest_grace_rule"] == "DEFERRED" or method == "MUSIMAN"
    begins = [date.fromisoformat(case["start"])] + days[:-1]
    rates = [rate_of_period(case, a, b) for a, b in zip(begins, days)]
    if not charged_later:
        rates = [Fraction(0) if n < no_jasa else rate for n, rate in enumerate(rates)]

    rows, left, exact_jasa, jasa_so_far, waiting, equal = [], lent, Fraction(0), 0, 0, None
    for n, day in enumerate(days):
        on = left if method in ("MENURUN", "ANUITAS") else lent
        if case["contract"] == "MURABAHAH":
            # The margin is a sum, and each instalment bears the same part of it.
            exact_jasa = Fraction(case["margin"] * (n + 1), len(days))
        else:
            exact_jasa += on * rates[n]
        earned = half_up(exact_jasa) - jasa_so_far
        jasa_so_far += earned
        waiting += earned
        jasa = waiting if n >= no_jasa else 0
        waiting -= jasa

        if n < no_principal:
            wanted = Fraction(jasa)
        elif method == "ANUITAS":
            if equal is None:
                discount, worth = Fraction(1), Fraction(0)
                for rate in rates[n:]:
                    discount /= 1 + rate
                    worth += discount
                equal = left / worth
            wanted = max(equal + (jasa - earned), jasa)  # a long period may cost more than that
        elif method in ("FLAT", "MENURUN"):
            wanted = Fraction(lent, len(days) - no_principal) + jasa
        else:
            wanted = Fraction(jasa)
        principal = left if n == last else min(left, max(0, up_to(unit, wanted) - jasa))
        left -= principal
        rows.append((day.isoformat(), principal, jasa, earned))
    return rows


def against_numpy(case, rows):
    """Unrounded annuities: each instalment to within what rounding to the sen can add up to."""
    rate, count, lent = float(Fraction(case["rate"]) / 100), case["count"], case["amount"]
    equal = -numpy_financial.pmt(rate, count, lent)
    assert abs(float(case["annuity"]) - equal) <= 1e-9 * equal, (case["annuity"], equal)
    for n, (_, principal, jasa, _) in enumerate(rows, 1):
        slack = 2 + n * (1 + rate) ** n
        assert abs(-numpy_financial.ipmt(rate, n, count, lent) - jasa) <= slack, (case, n)
        assert abs(-numpy_financial.ppmt(rate, n, count, lent) - principal) <= slack, (case, n)


def main():
    compared = annuities = 0
    for line in sys.stdin:
        case = json.loads(line)
        rows = [tuple(row) for row in case["rows"]]
        wanted = schedule(case)
        assert rows == wanted, f"{case}\nwanted {wanted}"
        assert sum(row[1] for row in rows) == case["amount"]
        if case["contract"] == "MURABAHAH":
            assert sum(row[2] for row in rows) == case["margin"]
        if case["annuity"]:
            against_numpy(case, rows)
            annuities += 1
        compared += 1
    print(compared, annuities)


main()

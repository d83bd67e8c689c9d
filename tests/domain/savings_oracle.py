"""Recomputes what savings earn from the words of the domain, on exact fractions.

Reads one JSON object per line and compares what the ledger came to with what this script computes
by itself: the return of a term deposit, and interest on a savings account day by day. Prints how
many it compared, and stops at the first difference. Money is in sen, days are ISO dates, rates are
percent as text.
"""

import calendar
import json
import sys
from datetime import date, timedelta
from fractions import Fraction
from math import floor


def half_up(value):
    return floor(value + Fraction(1, 2))


def months_later(day, months):
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def term_years(count, start, until):
    if count == "ACTUAL_360":
        return Fraction((until - start).days, 360)
    if count == "ACTUAL_365":
        return Fraction((until - start).days, 365)
    # Step from one monthly anniversary to the next; what is left counts in days of the month begun.
    years, whole = Fraction(0), 0
    while months_later(start, whole + 1) <= until and (
        months_later(start, whole + 1).day == start.day or until > months_later(start, whole + 1)
    ):
        whole += 1
        years += Fraction(1, 12)
    begun, ends = months_later(start, whole), months_later(start, whole + 1)
    return years + Fraction((until - begun).days, 12 * (ends - begun).days)


def term(case):
    start, until = date.fromisoformat(case["from"]), date.fromisoformat(case["until"])
    years = term_years(case["count"], start, until)
    return half_up(case["amount"] * Fraction(case["rate"]) / 100 * years)


def part_of_year(count, day):
    if count == "ACTUAL_360":
        return Fraction(1, 360)
    if count == "ACTUAL_365":
        return Fraction(1, 365)
    return Fraction(1, 12 * calendar.monthrange(day.year, day.month)[1])


def account(case):
    versions = [dict(one, since=date.fromisoformat(one["since"])) for one in case["versions"]]
    moves = [(date.fromisoformat(day), held) for day, held in case["balances"]]

    def version(day):
        begun = [one for one in versions if one["since"] <= day]
        return begun[-1] if begun else None

    def held(day):
        known = [held for since, held in moves if since <= day]
        return max(known[-1], 0) if known else 0

    total = Fraction(0)
    for month in range(1, case["months"] + 1):
        length = calendar.monthrange(case["year"], month)[1]
        days = [date(case["year"], month, 1) + timedelta(n) for n in range(length)]
        ends = version(days[-1])
        if ends is None:
            continue
        for day in days:
            rule, base = ends, held(day)
            if ends["method"] == "LOWEST":
                base = min(held(one) for one in days)
            if ends["method"] == "DAILY":
                rule = version(day)
                if rule is None:
                    continue
            total += base * Fraction(rule["rate"]) / 100 * part_of_year(rule["count"], day)
    return half_up(total)


def main():
    compared = 0
    for line in sys.stdin:
        case = json.loads(line)
        expected = {"term": term, "account": account}[case["kind"]](case)
        if expected != case["found"]:
            sys.exit(f"expected {expected}: {line}")
        compared += 1
    print(compared)


main()

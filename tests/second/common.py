"""Exact arithmetic, months and the 六税两费, as the second calculator understands the law.

Everything here was written from the text of the law and its decisions, in other words and another
language, knowing the service's inputs: where both agree on random input, a slip must have happened
twice. A reading of the law that both share is not found this way.
"""

import calendar
import datetime as dt
from decimal import Decimal
from fractions import Fraction as F

HALF = F(1, 2)


# ---- numbers -------------------------------------------------------------------------------

def half_up(number, places=2):
    """Rounds half away from zero (四舍五入)."""
    scale = 10**places
    sign = -1 if number < 0 else 1
    scaled = abs(number) * scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return F(sign * whole, scale)


def yuan(amount):
    """An amount in whole fen as text with two places."""
    fen = amount * 100
    assert fen.denominator == 1, amount
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen.numerator), 100)
    return f"{sign}{whole}.{rest:02d}"


def text(number):
    """A finite decimal in plain notation."""
    return format(Decimal(number.numerator) / Decimal(number.denominator), "f")


def total(amounts):
    """The exact sum of an iterable."""
    return sum(amounts, F(0))


# ---- random figures ------------------------------------------------------------------------

def figure(rng, low, high, places=2):
    """A random decimal with at most so many places."""
    scale = 10**places
    return F(rng.randint(int(low * scale), int(high * scale)), scale)


def chance(rng, probability):
    """True so often."""
    return rng.random() < probability


def day_between(rng, first, last):
    """A random day of a span, both ends included."""
    return first + dt.timedelta(days=rng.randint(0, (last - first).days))


# ---- months, counted from year 0 -----------------------------------------------------------

def month_of(day):
    """The number of a day's month."""
    return day.year * 12 + day.month - 1


def first_day(month):
    """The first day of a month."""
    return dt.date(month // 12, month % 12 + 1, 1)


def last_day(month):
    """The last day of a month."""
    year, number = month // 12, month % 12 + 1
    return dt.date(year, number, calendar.monthrange(year, number)[1])


def add_months(day, count):
    """So many months later, the day cut to the month's last (decision S13)."""
    month = month_of(day) + count
    return first_day(month).replace(day=min(day.day, last_day(month).day))


def month_text(month):
    """`YYYY-MM`."""
    return f"{month // 12}-{month % 12 + 1:02d}"


def days(first, last):
    """A period of days on the wire."""
    return {"first": str(first), "last": str(last)}


def months(first, last):
    """A period of whole months on the wire."""
    return days(first_day(first), last_day(last))


def filing_period(rng):
    """A month, quarter, half-year or year of 2018 to 2027: its first and last month."""
    year = rng.randint(2018, 2027) * 12
    length = rng.choice([1, 3, 6, 12])
    first = year + length * rng.randint(0, 12 // length - 1)
    return first, first + length - 1


def runs(span, key):
    """Cuts months into maximal runs with the same key."""
    found = []
    for month in span:
        value = key(month)
        if found and found[-1][1] == value:
            found[-1][0].append(month)
        else:
            found.append(([month], value))
    return found


# ---- 六税两费 ------------------------------------------------------------------------------

SUBJECTS = ["SMALL_SCALE_VAT", "INDIVIDUAL_BUSINESS", "SMALL_LOW_PROFIT"]


def eligibility(rng):
    """Random windows of eligibility: subject, first month, last month or none."""
    windows = []
    for _ in range(rng.choice([0, 0, 1, 1, 2])):
        first = rng.randint(2018 * 12, 2027 * 12 + 11)
        last = first + rng.randint(0, 40) if chance(rng, 0.8) else None
        windows.append((rng.choice(SUBJECTS), first, last))
    return windows


def halved(windows, month):
    """True when the month's tax is halved: small-scale payers from 2019, the others from 2022."""
    if not 2019 * 12 <= month <= 2027 * 12 + 11:
        return False
    return any(
        first <= month
        and (last is None or month <= last)
        and (subject == "SMALL_SCALE_VAT" or month >= 2022 * 12)
        for subject, first, last in windows
    )


def six_taxes_on_months(tax, span, reliefs, windows):
    """Half of what the reliefs (amount, months) leave in the eligible months (decision G3)."""
    eligible = [month for month in span if halved(windows, month)]
    relieved = total(amount for amount, _ in reliefs)
    if len(eligible) == len(span):
        exact = (tax - relieved) * HALF
    else:
        exact = F(0)
        for month in eligible:
            left = tax / len(span)
            for amount, covered in reliefs:
                if month in covered:
                    left -= amount / len(covered)
            exact += left * HALF
    return max(F(0), min(half_up(exact), tax - relieved))


def six_taxes_on_day(left, day, windows):
    """Half of what is left when the day's month is eligible (decision S7)."""
    return half_up(left * HALF) if halved(windows, month_of(day)) else F(0)


# ---- cases ---------------------------------------------------------------------------------

def case(number, tax, source, period, answer, kind="ENTERPRISE", windows=(), region="340104"):
    """A case as `tests/it/cases.rs` reads it; the answer is (tax, relief, paid)."""
    charged, relief, paid = answer
    windows = [
        {"subject": subject, "first": month_text(first)}
        | ({} if last is None else {"last": month_text(last)})
        for subject, first, last in windows
    ]
    return {
        "id": f"{tax}-{number}",
        "title": "random source",
        "cite": "second calculator",
        "region": region,
        "period": period,
        "profile": {"kind": kind, "six_taxes": windows},
        "sources": [{"tax": tax, "source": source}],
        "expected": {
            "tax_before_relief": yuan(charged),
            "relief": yuan(relief),
            "already_paid": yuan(paid),
            "tax_payable": yuan(charged - relief - paid),
        },
        "working": "second calculator",
    }

"""印花税 under both regimes: base × rate, to the fen since 2022-07, to the jiao before."""

import datetime as dt

from common import (
    F, HALF, case, chance, day_between, days, eligibility, figure, half_up, six_taxes_on_day,
    text, total, yuan,
)

TAX = "STAMP_TAX"
NEW_LAW = dt.date(2022, 7, 1)
BOOKS_HALVED = dt.date(2018, 5, 1)
# Rates in ten-thousandths (万分之).
OLD = {
    "SALE": 3, "CONTRACTING": 5, "SURVEY_DESIGN": 5, "CONSTRUCTION": 3, "LEASE": 10,
    "TRANSPORT": 5, "WAREHOUSING_CUSTODY": 10, "LOAN": HALF, "INSURANCE": 10, "TECHNOLOGY": 3,
    "TRANSFER_DOCUMENT": 5, "BOOKS": 5,
}
NEW = {
    "LOAN": HALF, "FINANCE_LEASE": HALF, "SALE": 3, "CONTRACTING": 3, "CONSTRUCTION": 3,
    "TRANSPORT": 3, "TECHNOLOGY": 3, "LEASE": 10, "CUSTODY": 10, "WAREHOUSING": 10,
    "INSURANCE": 10, "LAND_GRANT": 5, "REAL_TRANSFER": 5, "EQUITY": 5, "IP_TRANSFER": 3,
    "BOOKS": F(5, 2),
}


def to_jiao(tax):
    """不足一角免纳, else to the jiao, five fen up (条例 第三条)."""
    return F(0) if tax < F(1, 10) else half_up(tax, 1)


class Document:
    """One document being charged."""

    def __init__(self, rng):
        self.rng = rng
        self.old = chance(rng, 0.5)
        if self.old:
            self.signed = day_between(rng, dt.date(2018, 1, 1), NEW_LAW - dt.timedelta(1))
        else:
            self.signed = day_between(rng, NEW_LAW, dt.date(2027, 12, 31))
        self.year_end = dt.date(self.signed.year, 12, 31)
        self.windows = eligibility(rng)
        self.tax = self.relief = self.paid = F(0)

    def rate(self, item):
        """The item's rate on the day of signing, which decides the regime."""
        return F((OLD if self.old else NEW)[item]) / 10000

    def charge(self, item, base, rate, day, full=False, half=False):
        """Adds the tax of one obligation; what is left after reliefs."""
        tax = base * rate
        if not self.old:
            tax = half_up(tax)
        elif item == "LEASE" and 0 < tax < 1:
            tax = F(1)
        else:
            tax = to_jiao(tax)
        return self.add(tax, day, tax if full else half_up(tax * HALF) if half else F(0))

    def add(self, tax, day, relief=F(0)):
        """Adds a tax with its relief; 六税两费 by the day of the obligation."""
        relief += six_taxes_on_day(tax - relief, day, self.windows)
        self.tax += tax
        self.relief += relief
        return tax - relief

    def later(self, day):
        """A day after another, in the year of signing; none when there is none."""
        if day >= self.year_end:
            return None
        return day_between(self.rng, day + dt.timedelta(1), self.year_end)


def amount(rng):
    """Amounts of every size, around the smallest taxes too."""
    low, high = rng.choice([(0.01, 50), (10, 5000), (1000, 1e6), (1e6, 5e9)])
    return figure(rng, low, high)


def random_case(rng, number):
    """Pieces, a capital book, undetermined or stated amounts."""
    doc = Document(rng)
    source = {
        "document_name": "应税凭证", "filing_mode": "PERIODIC", "signed_on": str(doc.signed),
        "counterparties": [{"name": "对方", "kind": "FINANCIAL_INSTITUTION"}],
    }
    if doc.old and chance(rng, 0.08):
        source["count"] = rng.choice([1, 3, 12])
        source["lines"] = [{"item": rng.choice(["LICENCE", "OTHER_BOOKS"])}]
        doc.add(F(5) * source["count"], doc.signed)
    elif chance(rng, 0.15):
        source["lines"] = [capital_book(doc)]
    else:
        items = [item for item in (OLD if doc.old else NEW) if item != "BOOKS"]
        lines = [
            undetermined(doc, item) if chance(rng, 0.15) else stated(doc, item, items)
            for item in rng.sample(items, rng.choice([1, 1, 2]))
        ]
        source["lines"] = lines
    year = doc.signed.year
    period = days(dt.date(year, 1, 1), doc.year_end)
    answer = (doc.tax, doc.relief, doc.paid)
    return case(number, TAX, source, period, answer, windows=doc.windows)


def capital_book(doc):
    """Only the growth above the highest sum ever taxed."""
    rng = doc.rng
    paid_in, reserve = amount(rng), figure(rng, 0, 1e5)
    highest = F(0) if chance(rng, 0.4) else amount(rng)
    line = {
        "item": "BOOKS",
        "capital": {"paid_in": yuan(paid_in), "reserve": yuan(reserve),
                    "taxed_high_water": yuan(highest)},
    }
    half = doc.old and doc.signed >= BOOKS_HALVED
    if half:
        line["reliefs"] = [{"relief_id": "ST_CAPITAL_BOOK_HALF"}]
    base = max(F(0), paid_in + reserve - highest)
    doc.charge("BOOKS", base, doc.rate("BOOKS"), doc.signed, half=half)
    return line


def undetermined(doc, item):
    """Each settlement is taxed; under the regulations five yuan at signing come off."""
    rng, line, credit = doc.rng, {"item": item}, F(0)
    if doc.old:
        credit = doc.add(F(5), doc.signed)
    settlements, day = [], doc.signed
    for _ in range(rng.choice([0, 1, 2])):
        day = doc.later(day)
        if day is None:
            break
        settled = amount(rng)
        one = {"settled_on": str(day), "amount": yuan(settled)}
        vat = half_up(settled * F(9, 109)) if chance(rng, 0.3) else F(0)
        if vat:
            one["vat_stated_apart"] = yuan(vat)
        settlements.append(one)
        due = doc.charge(item, settled - vat, doc.rate(item), day)
        used = min(credit, due)
        credit -= used
        doc.paid += used
    if settlements:
        line["settlements"] = settlements
    return line


def stated(doc, item, items):
    """A stated amount with what may come off it, shares, other items, an increase."""
    rng, line, plain = doc.rng, {"item": item}, True
    rate = doc.rate(item)
    gross = amount(rng)
    base = gross
    if chance(rng, 0.15):
        money, parity = figure(rng, 1, 1e6), figure(rng, 0.05, 9, 4)
        line["foreign_amount"] = {"currency": "USD", "amount": text(money), "parity": text(parity)}
        base, plain = half_up(money * parity), False
    else:
        line["amount"] = yuan(gross)
    # Foreign money is stated without VAT.
    vat = half_up(base * F(13, 113)) if "amount" in line and chance(rng, 0.3) else F(0)
    if vat:
        line["vat_stated_apart"] = yuan(vat)
        base -= vat
    apart = {"EQUITY": "UNPAID_CAPITAL"} | ({"TECHNOLOGY": "RESEARCH_FUNDS"} if doc.old else {})
    if item in apart and base > 1 and chance(rng, 0.4):
        excluded, plain = half_up(base * F(rng.randint(1, 60), 100)), False
        line["exclusions"] = [{"kind": apart[item], "amount": yuan(excluded)}]
        base -= excluded
    if chance(rng, 0.15):
        other = rng.choice([one for one in items if one != item])
        line["other_items"] = [other]
        rate = max(rate, doc.rate(other))
    if chance(rng, 0.15):
        parties, plain = rng.randint(2, 7), False
        line["co_parties"] = parties
        base = half_up(base / parties)
    elif chance(rng, 0.1):
        share, plain = figure(rng, 0.01, 1), False
        line["own_share"] = text(share)
        base = half_up(base * share)
    full = not doc.old and item == "SALE" and chance(rng, 0.2)
    if full:
        line["reliefs"], plain = [{"relief_id": "ST_ART12_HOSPITAL"}], False
    doc.charge(item, base, rate, doc.signed, full=full)
    day = doc.later(doc.signed)
    if plain and day and chance(rng, 0.2):
        # Upward: the tax on the difference, not the difference of taxes (decision ST7).
        new = gross + amount(rng)
        change, grown = {"amended_on": str(day), "amount": yuan(new)}, new - base
        if vat:
            new_vat = half_up(new * F(13, 113))
            change["vat_stated_apart"] = yuan(new_vat)
            grown -= new_vat
        if grown > 0:
            line["amendments"] = [change]
            doc.charge(item, grown, rate, day)
    return line

"""房产税: value less what is let, × (1 − 30%) × 1.2% × months ÷ 12; rent × 12% or 4%."""

import datetime as dt

from common import (
    F, HALF, case, chance, day_between, days, eligibility, figure, filing_period, first_day,
    half_up, last_day, month_of, month_text, months, runs, six_taxes_on_months, text, total, yuan,
)

TAX = "REAL_ESTATE_TAX"
# Months from the event to the first taxed month.
STARTS = {
    "ORIGINAL_HOUSE_TO_BUSINESS": 0, "SELF_BUILT": 1, "CONTRACTED": 1, "NEW_HOUSE": 1,
    "EXISTING_HOUSE_CERTIFICATE": 1, "DEVELOPER_OWN": 1, "FINANCE_LEASE": 1,
}
TAXABLE, ON_VALUE, ON_RENT, ON_HOUSING_RENT = F(7, 10), F(12, 1000), F(12, 100), F(4, 100)
ENTITY_HOUSING_FROM = 2021 * 12 + 9
FARM_MARKET_MONTHS = range(2019 * 12, 2028 * 12)


def random_case(rng, number):
    """A house with changes of value, leases, reliefs, hardship, an end."""
    period = filing_period(rng)
    first, last = period
    kind = rng.choice(list(STARTS))
    year = first // 12
    if chance(rng, 0.4):
        event = day_between(rng, dt.date(year - 1, 1, 1), last_day(last))
    else:
        event = day_between(rng, dt.date(1995, 1, 1), dt.date(year - 1, 12, 31))
    start = month_of(event) + STARTS[kind]
    payer = rng.choice(["ENTERPRISE", "ENTERPRISE", "INDIVIDUAL", "INDIVIDUAL_BUSINESS"])
    source = {
        "taxpayer_role": "OWNER", "acquisition_kind": kind, "acquired_on": str(event),
        "house_use": rng.choice(["INDUSTRIAL", "COMMERCIAL_OFFICE", "HOUSING"]),
    }
    underground = below_ground(rng, source)
    let = underground == 1 and chance(rng, 0.45) and start <= last
    ends_on, end = last_day(last), last
    if not let and chance(rng, 0.25) and event < ends_on:
        ends_on = day_between(rng, max(event, first_day(first) - dt.timedelta(30)), ends_on)
        source["ended_on"] = str(ends_on)
        end = min(last, month_of(ends_on))
    area = figure(rng, 50, 5000)
    begin = max(event, first_day(first) - dt.timedelta(150))
    values = house_values(rng, source, area, begin, ends_on)

    def value_in(month):
        # The last change before the month.
        known = [value for on, value in values if on is None or month_of(on) < month]
        return known[-1] * underground

    taxed = list(range(max(first, start), end + 1))
    windows = eligibility(rng)
    leases = lettings(rng, period, start, area, payer, windows) if let and taxed else []
    if leases:
        source["leases"] = [lease["wire"] for lease in leases]

    def figures_in(month):
        value = value_in(month)
        shares = [lease["share"] for lease in leases if month in lease["out"]]
        return value, min(value * total(shares), value)

    runs_of_value = runs(taxed, figures_in)
    claims, mode = policy(rng, source, taxed)
    hardship = approved(rng, source, taxed, by_amount=len(runs_of_value) == 1)
    charged = total(lease["tax"] for lease in leases)
    relief = total(lease["relief"] for lease in leases)
    paid = total(lease["paid"] for lease in leases)
    for span, (value, value_let) in runs_of_value:
        exact = (value - value_let) * TAXABLE * ON_VALUE * len(span) / 12
        charged += half_up(exact)
        relief += relieved(half_up(exact), exact, span, claims, hardship, windows, mode)
    answer = (charged, relief, paid)
    return case(number, TAX, source, months(first, last), answer, payer, windows)


def below_ground(rng, source):
    """The share of the value of a stand-alone underground building that is taxed."""
    if not chance(rng, 0.2):
        return F(1)
    industrial = chance(rng, 0.5)
    source["underground"] = "STANDALONE_INDUSTRIAL" if industrial else "STANDALONE_OTHER"
    source["house_use"] = "INDUSTRIAL" if industrial else "COMMERCIAL_OFFICE"
    ratio = figure(rng, 0.5, 0.6) if industrial else figure(rng, 0.7, 0.8)
    source["underground_ratio"] = {"value": text(ratio), "document": "省定"}
    return ratio


def house_values(rng, source, area, begin, end):
    """Original values with the days they change, the share of the plot's price in them."""
    land, plot = F(0), None
    if chance(rng, 0.5):
        cost, plot_area = figure(rng, 1000, 9e7), figure(rng, 100, 20000)
        all_area = area + (figure(rng, 0, 5000) if chance(rng, 0.7) else 0)
        # Below a plot ratio of 0.5 twice the building area of land counts.
        if all_area / plot_area < HALF:
            land = cost / plot_area * 2 * area
        else:
            land = cost * area / all_area
        plot = {"plot_cost": yuan(cost), "plot_area": text(plot_area),
                "total_building_area": text(all_area)}
    changes, day = [None], begin
    for _ in range(rng.choice([0, 0, 1, 2])):
        day += dt.timedelta(rng.randint(1, 110))
        if day < end:
            changes.append(day)
    found, source["versions"] = [], []
    for on in changes:
        building, equipment = figure(rng, 100, 5e7), figure(rng, 0, 1e6)
        found.append((on, building + equipment + land))
        version = {"building_value": yuan(building), "equipment_value": yuan(equipment),
                   "building_area": text(area)}
        version |= {} if plot is None else {"plot": plot}
        version |= {} if on is None else {"changed_on": str(on)}
        source["versions"].append(version)
    return found


def lettings(rng, period, start, area, payer, windows):
    """Leases: their share of the value, the months it is out, tax and relief of the rent."""
    first, last = period
    found, left = [], area
    for place in range(rng.choice([1, 1, 2])):
        begin = max(first_day(start), first_day(first) - dt.timedelta(200))
        begin = day_between(rng, begin, last_day(last))
        if chance(rng, 0.4):
            begin = begin.replace(day=1)
        end = begin + dt.timedelta(rng.randint(40, 900))
        if month_of(end) < start:
            continue
        wire = {
            "lease_no": f"L{place}", "lessee_name": "承租方", "term": days(begin, end),
            "lessee_kind": rng.choice(["INDIVIDUAL", "OTHER", "SCALED_HOUSING_LESSOR"]),
        }
        share = F(1)
        if place or not chance(rng, 0.3):
            part = figure(rng, 1, float(left) / 2)
            wire["leased_area"], share = text(part), part / area
            left -= part
        if chance(rng, 0.4):
            wire["housing"] = True
            if chance(rng, 0.5):
                wire["rate_mode"] = "RATE_12_WITH_RELIEF"
        # Out of the value from that month when it starts on the 1st, else the next (S3), to the
        # month of the last day (S12).
        out = set(range(month_of(begin) + (begin.day != 1), month_of(end) + 1))
        rent = rent_of(rng, wire, max(begin, first_day(first)), min(end, last_day(last)))
        free = [
            month for month in sorted(out)
            if first <= month <= last and (rent is None or month not in rent["months"])
        ]
        if free and chance(rng, 0.25):
            free = rng.sample(free, min(2, len(free)))
            wire["rent_free_months"] = [month_text(month) for month in sorted(free)]
            out -= set(free)
        lease = {"wire": wire, "share": share, "out": out, "tax": F(0), "relief": F(0),
                 "paid": F(0)}
        if rent:
            lease["paid"] = rent["paid"]
            charge_rent(rng, lease, rent, payer, windows)
        found.append(lease)
        if share == 1:
            break
    return found


def rent_of(rng, wire, begin, end):
    """A declared rent inside the term and the filing period."""
    if begin > end or not chance(rng, 0.85):
        return None
    begin = begin if chance(rng, 0.6) else day_between(rng, begin, end)
    end = end if chance(rng, 0.6) else day_between(rng, begin, end)
    amount = figure(rng, 100, 4e5)
    paid = figure(rng, 0, 500) if chance(rng, 0.2) else F(0)
    wire["rents"] = [{"period": days(begin, end), "rent_ex_vat": yuan(amount),
                      "already_paid": yuan(paid)}]
    span = list(range(month_of(begin), month_of(end) + 1))
    return {"months": span, "amount": amount, "paid": paid}


def charge_rent(rng, lease, rent, payer, windows):
    """One row for each rate, the rent spread evenly over its months (decision RE6)."""
    wire, claims = lease["wire"], []
    if chance(rng, 0.3):
        relief_id, ratio = rng.choice([("RE_STADIUM", F(1)), ("RE_STADIUM_FIRM", HALF)])
        share = figure(rng, 0.05, 1)
        wire["reliefs"] = [{"relief_id": relief_id, "base_share": text(share)}]
        claims.append((ratio * share, None))

    def rate_in(month):
        if not wire.get("housing"):
            return ON_RENT
        if payer != "ENTERPRISE":
            return ON_HOUSING_RENT
        entity = wire["lessee_kind"] != "OTHER" and month >= ENTITY_HOUSING_FROM
        return ON_HOUSING_RENT if entity else ON_RENT

    for span, rate in runs(rent["months"], rate_in):
        base = rent["amount"] * len(span) / len(rent["months"])
        reduced = None
        if rate == ON_HOUSING_RENT and "rate_mode" in wire:
            reduced, rate = base * rate, ON_RENT
        exact = base * rate
        lease["tax"] += half_up(exact)
        lease["relief"] += relieved(
            half_up(exact), exact, span, claims, None, windows, "EXACT", reduced
        )


def policy(rng, source, taxed):
    """Policy reliefs on the value: (ratio, months or none); and how they are reckoned."""
    if not taxed or not chance(rng, 0.4):
        return [], "EXACT"
    relief_id = rng.choice(["RE_STATE", "RE_STADIUM_FIRM", "RE_FARM_MARKET"])
    claim, covered, ratio = {"relief_id": relief_id}, taxed, F(1)
    if chance(rng, 0.5):
        begin = rng.randint(taxed[0], taxed[-1])
        covered = list(range(begin, rng.randint(begin, taxed[-1]) + 1))
        claim["period"] = months(covered[0], covered[-1])
    if relief_id == "RE_STADIUM_FIRM":
        ratio = HALF
    if relief_id == "RE_FARM_MARKET":
        ratio = figure(rng, 0.05, 1)
        claim["base_share"] = text(ratio)
        covered = [month for month in covered if month in FARM_MARKET_MONTHS]
    if not covered:
        return [], "EXACT"
    source["reliefs"] = [claim]
    mode = rng.choice(["EXACT", "EXACT", "MONTHLY_AMOUNT"])
    source["relief_mode"] = mode
    return [(ratio, covered)], mode


def approved(rng, source, taxed, by_amount):
    """Hardship by approval: a ratio or an amount for some months."""
    if not taxed or not chance(rng, 0.25):
        return None
    begin = rng.randint(taxed[0], taxed[-1])
    covered = list(range(begin, rng.randint(begin, taxed[-1]) + 1))
    found = {"period": months(covered[0], covered[-1]), "document": "核准1号"}
    source["hardship"] = found
    if by_amount and chance(rng, 0.5):
        amount = figure(rng, 1, 5000)
        found["amount"] = yuan(amount)
        return "AMOUNT", amount, covered
    ratio = figure(rng, 0.01, 1)
    found["ratio"] = text(ratio)
    return "RATIO", ratio, covered


def relieved(tax, exact, span, claims, hardship, windows, mode, reduced=None):
    """All reliefs of a row: reduced rate, policy, hardship, half of the rest."""
    left, lines, base = tax, [], exact
    if reduced is not None:
        # The relief is round(12%) − round(4%) (decision RE7).
        left, base = half_up(reduced), reduced
        lines.append((tax - left, span))
    for ratio, covered in claims:
        here = span if covered is None else [month for month in span if month in covered]
        if not here:
            continue
        if mode == "EXACT":
            part = base * ratio * len(here) / len(span)
            amount = left if part == base else min(half_up(part), left)
        else:
            amount = min(half_up(base / len(span) * ratio) * len(here), left)
        if amount > 0:
            lines.append((amount, here))
            left -= amount
    if hardship:
        shape, value, covered = hardship
        here = [month for month in span if month in covered]
        if shape == "RATIO":
            part = F(0)
            for month in here:
                rest = exact / len(span)
                for amount, others in lines:
                    rest -= amount / len(others) if month in others else 0
                part += max(F(0), rest) * value
        else:
            part = value * len(here) / len(covered)
        amount = min(half_up(part), left)
        if here and amount > 0:
            lines.append((amount, here))
    six = six_taxes_on_months(tax, span, lines, windows)
    return total(amount for amount, _ in lines) + six

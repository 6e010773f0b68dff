"""城镇土地使用税: area × unit tax × months ÷ 12 for each run of months with equal figures."""

import datetime as dt

from common import (
    F, HALF, case, chance, day_between, days, eligibility, figure, filing_period, first_day,
    half_up, last_day, month_of, months, runs, six_taxes_on_months, text, total, yuan,
)

TAX = "LAND_USE_TAX"
FORM = {
    "GRANT": "GRANTED", "AUCTION": "GRANTED", "TRANSFER": "TRANSFERRED",
    "REQUISITIONED_FARMLAND": "ALLOCATED", "REQUISITIONED_OTHER": "ALLOCATED",
    "NEW_HOUSE": "TRANSFERRED", "EXISTING_HOUSE_CERTIFICATE": "TRANSFERRED", "LEASED": "LEASED",
}
BY_CONTRACT = ("GRANT", "TRANSFER", "AUCTION")
WAREHOUSE_MONTHS = range(2020 * 12, 2028 * 12)


def random_case(rng, number):
    """A plot with changes, reliefs, hardship, a share of a building, an end."""
    first, last = filing_period(rng)
    kind = rng.choice(list(FORM))
    year = first // 12
    if chance(rng, 0.5):
        event = day_between(rng, dt.date(year - 2, 1, 1), last_day(last))
    else:
        event = day_between(rng, dt.date(2008, 1, 1), dt.date(year - 2, 1, 1))
    # The month after the event; farmland when a full year has run, by default the month after.
    start = month_of(event) + (13 if kind == "REQUISITIONED_FARMLAND" else 1)
    source = {
        "taxpayer_kind": "RIGHT_HOLDER", "nature": "STATE", "acquisition_mode": FORM[kind],
        "purpose": "INDUSTRIAL", "acquisition": acquisition(rng, kind, event),
    }
    ends_on, end = last_day(last), last
    if chance(rng, 0.3) and event < ends_on:
        ends_on = day_between(rng, max(event, first_day(first) - dt.timedelta(40)), ends_on)
        source["end"] = {"on": str(ends_on), "kind": rng.choice(["TRANSFERRED", "OTHER"])}
        end = min(last, month_of(ends_on))
    versions = figures(rng, max(event, first_day(first) - dt.timedelta(200)), ends_on)
    source["versions"] = [version(*one) for one in versions]
    share = F(1)
    if chance(rng, 0.25):
        whole = figure(rng, 100, 9000)
        own = min(figure(rng, 1, float(whole)), whole)
        share = own / whole
        source["shared_building"] = {
            "own_floor_area_sqm": text(own), "building_floor_area_sqm": text(whole),
        }
    taxed = list(range(max(first, start), end + 1))

    def in_month(month):
        # The last change before the month.
        return [
            (area * share, unit) for on, area, unit in versions
            if on is None or month_of(on) < month
        ][-1]

    windows = eligibility(rng)
    segments = runs(taxed, in_month)
    least = min(area for _, area, _ in versions)
    # How an approved amount is shared out between segments the law does not say.
    claims = reliefs(rng, source, taxed, share, least, by_amount=len(segments) == 1)
    paid = F(0)
    if taxed and chance(rng, 0.3):
        paid = figure(rng, 1, 2000)
        begin = rng.randint(first, last)
        span = months(begin, rng.randint(begin, last))
        source["payments"] = [{"period": span, "amount": yuan(paid)}]
    charged = relief = F(0)
    for span, (area, unit) in segments:
        tax, relieved = segment(span, area, unit, claims, windows)
        charged += tax
        relief += relieved
    answer = (charged, relief, paid)
    return case(number, TAX, source, months(first, last), answer, windows=windows)


def acquisition(rng, kind, event):
    """Delivery or approval day, or only the day of signing for contracts."""
    found = {"kind": kind}
    if kind in BY_CONTRACT and chance(rng, 0.4):
        return found | {"signed_on": str(event)}
    if kind in BY_CONTRACT and chance(rng, 0.5):
        found["signed_on"] = str(event - dt.timedelta(rng.randint(0, 300)))
    return found | {"event_on": str(event)}


def figures(rng, begin, end):
    """Areas and unit taxes with the days they change; neighbours differ."""
    area, unit = figure(rng, 1, 50000), figure(rng, 2, 30, rng.choice([0, 1, 2, 4]))
    found, day = [(None, area, unit)], begin
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        day += dt.timedelta(rng.randint(1, 120))
        if day >= end:
            break
        other = figure(rng, 1, 50000), figure(rng, 2, 30, rng.choice([0, 1, 2, 4]))
        area = area if chance(rng, 0.3) else other[0]
        unit = unit if chance(rng, 0.3) else other[1]
        found.append((day, area, unit))
    return found


def version(changed_on, area, unit):
    """One version on the wire."""
    found = {
        "area_sqm": text(area), "land_class": "CITY", "grade": 1, "city_kind": "LARGE",
        "unit_tax": {"value": text(unit), "document": "题设税额标准"},
    }
    return found | ({} if changed_on is None else {"changed_on": str(changed_on)})


def reliefs(rng, source, taxed, share, least_area, by_amount):
    """Claims in the order applied: (shape, ratio or amount, area or none, months or none)."""
    claims = []
    if chance(rng, 0.15):
        source["underground_stand_alone"] = True
        claims.append(("POLICY", HALF, None, None))
    if not taxed:
        return claims
    listed = []

    def span():
        begin = rng.randint(taxed[0], taxed[-1])
        return list(range(begin, rng.randint(begin, taxed[-1]) + 1))

    if chance(rng, 0.4):
        relief_id, ratio = rng.choice([("LU_STATE", F(1)), ("LU_WAREHOUSE", HALF)])
        claim, covered = {"relief_id": relief_id}, taxed
        if chance(rng, 0.5):
            covered = span()
            claim["period"] = months(covered[0], covered[-1])
        relief = {"claim": claim}
        area = None
        if share == 1 and chance(rng, 0.5):
            area = min(figure(rng, 1, float(least_area)), least_area)
            relief["relief_area_sqm"] = text(area)
        if relief_id == "LU_WAREHOUSE":
            covered = [month for month in covered if month in WAREHOUSE_MONTHS]
        if covered:
            listed.append(relief)
            claims.append(("POLICY", ratio, area, covered))
    if chance(rng, 0.25):
        covered = span()
        claim = {
            "relief_id": "LU_HARDSHIP", "document": "核准〔1〕号",
            "period": months(covered[0], covered[-1]),
        }
        if by_amount and chance(rng, 0.5):
            amount = figure(rng, 1, 3000)
            claim["amount"] = yuan(amount)
            claims.append(("AMOUNT", amount, None, covered))
        else:
            ratio = figure(rng, 0.01, 1)
            claim["ratio"] = text(ratio)
            claims.append(("RATIO", ratio, None, covered))
        listed.append({"claim": claim})
    if listed:
        source["reliefs"] = listed
    return claims


def segment(span, area, unit, claims, windows):
    """Tax and reliefs of one run of months, the tax rounded once."""
    exact = area * unit * len(span) / 12
    tax = half_up(exact)
    left, lines, unrounded = tax, [], F(0)
    for shape, value, part, covered in claims:
        here = span if covered is None else [month for month in span if month in covered]
        if not here:
            continue
        if shape == "POLICY":
            part = (area if part is None else part) * unit * len(here) / 12 * value
        elif shape == "RATIO":
            # Hardship by ratio: on what the reliefs before it leave in its months.
            left_here = exact * len(here) / len(span)
            for amount, others in lines:
                left_here -= amount * len([m for m in others if m in here]) / len(others)
            part = max(F(0), left_here) * value
        else:
            part = value * len(here) / len(covered)
        unrounded += part
        # Reliefs that together take everything leave no fen (decision S11).
        amount = left if unrounded == exact else min(half_up(part), left)
        if amount > 0:
            lines.append((amount, here))
            left -= amount
    six = six_taxes_on_months(tax, span, lines, windows)
    return tax, total(amount for amount, _ in lines) + six

"""环境保护税: equivalents by outlet, month and pollutant; waste by tonne; noise by decibel."""

import csv
from pathlib import Path

from common import F, HALF, case, chance, figure, half_up, last_day, month_text, months, text, total

TAX = "ENVIRONMENTAL_PROTECTION_TAX"
ANNEX = list(csv.DictReader(Path(__file__).with_name("pollutants.csv").open(encoding="utf-8")))


def rows_of(name):
    """Pollutants of a class: name, equivalent value, place in the statutory order."""
    return [
        (row["pollutant"], F(row["equivalent_value"]), place)
        for place, row in enumerate(ANNEX) if row["class"] == name
    ]


AIR, CLASS_1, CLASS_2 = rows_of("air"), rows_of("class_1"), rows_of("class_2")
ONLY_ONE = {"生化需氧量(BOD5)", "化学需氧量(CODcr)", "总有机碳(TOC)"}
# Yuan per equivalent of air and of water.
PLACES = {
    "110000": ("12", "14"), "320100": ("8.4", "8.4"), "320500": ("6", "7"),
    "320300": ("4.8", "5.6"), "440000": ("1.8", "2.8"), "340000": ("1.2", "1.4"),
    "510000": ("3.9", "2.8"), "140000": ("1.8", "2.1"), "410000": ("4.8", "5.6"),
    "310000": ("1.2", "1.4"),
}
WASTE = {
    "COAL_GANGUE": 5, "TAILINGS": 15, "HAZARDOUS": 1000, "SMELTING_SLAG": 25, "FLY_ASH": 25,
    "FURNACE_SLAG": 25, "OTHER": 25,
}
NOISE = [350, 700, 1400, 2800, 5600, 11200]
KILOGRAMS = {"TONNE": F(1000), "KILOGRAM": F(1), "GRAM": F(1, 1000), "MILLIGRAM": F(1, 10**6)}


def unit_tax(place, air, pollutant, month):
    """The place's unit tax; Shanghai has its own for four pollutants."""
    if place == "310000":
        early = month < 2019 * 12
        own = {"二氧化硫": "6.65" if early else "7.6", "氮氧化物": "7.6" if early else "8.55",
               "化学需氧量(CODcr)": "5", "氨氮": "4.8"}
        if pollutant in own:
            return F(own[pollutant])
    return F(PLACES[place][0 if air else 1])


def random_case(rng, number):
    """A quarter of an outlet, a stream of waste or a noise site."""
    first = rng.randint(2018, 2027) * 12 + 3 * rng.randint(0, 3)
    span = range(first, first + 3)
    place = rng.choice(list(PLACES))
    make = rng.choice([outlet, outlet, outlet, waste, noise])
    subject, tax, relief = make(rng, place, span)
    source = {"name": "1号", "subject": subject}
    period = months(first, first + 2)
    return case(number, TAX, source, period, (tax, relief, F(0)), region=place)


def outlet(rng, place, span):
    """The first three of air; five of class I and three of the rest of water."""
    air, records, tax, relief = chance(rng, 0.5), [], F(0), F(0)
    for month in span:
        found = [pollutant(rng, month, *row) for row in discharged(rng, air)]
        records += [one["wire"] for one in found]
        # A reading over the limit bars all reliefs of the month (decision ENV4).
        barred = any(one["over"] for one in found)
        for one in selected(found, air):
            exact = one["equivalents"] * unit_tax(place, air, one["name"], month)
            tax += half_up(exact)
            relief += F(0) if barred else half_up(exact * one["relief"])
    subject = {"OUTLET": {"medium": "AIR" if air else "WATER", "records": records}}
    return subject, tax, relief


def discharged(rng, air):
    """Random rows of the annex, at least one, in any order."""
    if air:
        return rng.sample(AIR, rng.randint(1, 6))
    found = rng.sample(CLASS_1, rng.randint(0, 7)) + rng.sample(CLASS_2, rng.randint(1, 6))
    for row in CLASS_2:
        if row[0] in ONLY_ONE and row not in found and chance(rng, 0.3):
            found.append(row)
    rng.shuffle(found)
    return found


def selected(found, air):
    """Ranked by unrounded equivalents, then the statutory order; one of CODcr, BOD5, TOC."""
    def largest(some, count):
        return sorted(some, key=lambda one: (-one["equivalents"], one["order"]))[:count]

    if air:
        return largest(found, 3)
    kept = largest([one for one in found if one["name"] in ONLY_ONE], 1)
    kept += [one for one in found if one["name"] not in ONLY_ONE]
    first = {name for name, _, _ in CLASS_1}
    return largest([one for one in kept if one["name"] in first], 5) + largest(
        [one for one in kept if one["name"] not in first], 3
    )


def pollutant(rng, month, name, value, order):
    """A record of one pollutant with its equivalents and the relief its mean gives."""
    wire = {"month": month_text(month), "pollutant": name}
    air = any(name == row[0] and order == row[2] for row in AIR)
    relief, over = F(0), False
    draw = rng.random()
    if draw < 0.5:
        mass = figure(rng, 0, 5000, rng.choice([0, 1, 3]))
        wire["quantity"] = {"MONITORED": {"emission_kg": text(mass)}}
        if chance(rng, 0.5):
            relief, over = concentrations(rng, wire)
    elif draw < 0.8:
        mass = monitored(rng, wire, air)
    else:
        base, coefficient = figure(rng, 1, 10000), figure(rng, 0.001, 20, 4)
        # The heaviest units stay with pollutants whose equivalents stay on the form.
        unit = rng.choice(list(KILOGRAMS)[0 if value > F(1, 100) else 2:])
        wire["quantity"] = {"COEFFICIENT": {
            "base_quantity": text(base), "discharge_coefficient": text(coefficient),
            "mass_unit": unit,
        }}
        mass = base * coefficient * KILOGRAMS[unit]
    return {"name": name, "order": order, "equivalents": mass / value, "relief": relief,
            "over": over, "wire": wire}


def concentrations(rng, wire):
    """The month's mean and maximum against the limit, around the edges of 50% and 70%."""
    limit = figure(rng, 5, 200, 1)
    mean = limit * F(rng.choice([10, 49, 50, 51, 60, 69, 70, 71, 90, 99]), 100)
    highest = min(limit, mean * F(11, 10)) if chance(rng, 0.9) else limit * F(101, 100)
    wire |= {"mean_concentration": text(mean), "concentration_limit": text(limit),
             "max_concentration": text(highest), "claims_low_concentration_relief": True}
    # 低于: the edge itself gives nothing.
    if mean < limit * HALF:
        return HALF, highest > limit
    return (F(1, 4) if mean < limit * F(7, 10) else F(0)), highest > limit


def monitored(rng, wire, air):
    """Flow × mean concentration: plain for air, weighted by flow for water."""
    flow, count = figure(rng, 1, 50000, rng.choice([0, 2])), rng.choice([1, 1, 2, 3])
    readings = [(figure(rng, 0, 500, rng.choice([0, 2])), figure(rng, 1, 1000, 1))
                for _ in range(count)]
    weighted = not air and count > 1
    wire["quantity"] = {"MONITORED": {"flow": text(flow), "readings": [
        {"concentration": text(value)} | ({"flow": text(weight)} if weighted else {})
        for value, weight in readings
    ]}}
    if weighted:
        mean = total(value * weight for value, weight in readings)
        mean /= total(weight for _, weight in readings)
    else:
        mean = total(value for value, _ in readings) / count
    return flow * mean / (100 if air else 1000)


def waste(rng, _, span):
    """Generated less stored, disposed of, utilised; never below zero."""
    kind, records, tax = rng.choice(list(WASTE)), [], F(0)
    names = ("generated_tonnes", "stored_tonnes", "disposed_tonnes", "utilised_tonnes")
    for month in span:
        places = rng.choice([0, 2, 3])
        made, *less = [figure(rng, 0, most, places) for most in (1000, 300, 300, 300)]
        figures = dict(zip(names, map(text, [made, *less])))
        records.append({"month": month_text(month)} | figures)
        tax += half_up(max(F(0), made - total(less)) * WASTE[kind])
    return {"SOLID_WASTE": {"waste_kind": kind, "records": records}}, tax, F(0)


def noise(rng, _, span):
    """The highest excess, in whole decibels; day and night apart."""
    boundary = rng.choice([figure(rng, 20, 300, 1), F(100), F("100.1")])
    records, tax = [], F(0)
    for month in span:
        record = {"month": month_text(month)}
        for part in ("day", "night"):
            if chance(rng, 0.3):
                continue
            limit = F(rng.choice([55, 60, 65, 70]))
            levels = [limit + figure(rng, -3, 22, 1) for _ in range(rng.randint(1, 3))]
            over_days = rng.choice([0, 1, 14, 15, 16, last_day(month).day])
            record[part] = {"limit_db": text(limit), "days_over": over_days,
                            "points": [{"level_db": text(level)} for level in levels]}
            tax += loudness(boundary, [half_up(level - limit, 0) for level in levels], over_days)
        records.append(record)
    subject = {"NOISE_SITE": {"boundary_metres": text(boundary), "records": records}}
    return subject, tax, F(0)


def loudness(boundary, excesses, over_days):
    """A tier for every three decibels; half below 15 days, double on a long boundary."""
    if over_days == 0 or max(excesses) < 1:
        return F(0)
    amount = F(NOISE[min(5, (int(max(excesses)) - 1) // 3)])
    if over_days < 15:
        amount *= HALF
    if boundary > 100 and len([one for one in excesses if one >= 1]) > 1:
        amount *= 2
    return amount

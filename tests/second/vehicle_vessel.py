"""车船税: quantity × unit amount × months ÷ 12 of each vehicle, rounded for each span."""

import datetime as dt

from common import F, HALF, case, chance, day_between, days, figure, half_up, text, total, yuan

TAX = "VEHICLE_VESSEL_TAX"
# Displacement up to, and the statutory range of the yearly amount.
CARS = [(1000, 60, 360), (1600, 300, 540), (2000, 360, 660), (2500, 660, 1200),
        (3000, 1200, 2400), (4000, 2400, 3600), (10**9, 3600, 5400)]
BY_MASS = ("TRUCK", "TRAILER", "SPECIAL_PURPOSE_VEHICLE", "WHEELED_MACHINE")
VESSELS = ("MOTOR_VESSEL", "TUG", "BARGE", "YACHT", "AUX_SAIL_YACHT")
KINDS = ("PASSENGER_CAR", "BUS", "MOTORCYCLE") + BY_MASS + VESSELS
EDGES = {"t": ["200", "200.01", "2000", "2000.01", "10000", "10000.01"],
         "m": ["10", "10.01", "18", "18.01", "30", "30.01"]}


def tonnage_amount(tons):
    """Yuan per net ton: the class of the whole tonnage."""
    return F(3 if tons <= 200 else 4 if tons <= 2000 else 5 if tons <= 10000 else 6)


def length_amount(metres):
    """Yuan per metre of a yacht."""
    return F(600 if metres <= 10 else 900 if metres <= 18 else 1300 if metres <= 30 else 2000)


def random_case(rng, number):
    """A vehicle or vessel with its events, reliefs and payments of one year."""
    year = rng.randint(2018, 2027)
    kind = rng.choice(KINDS)
    source = {"kind": kind, "count": rng.choice([1, 1, 1, 2, 3, 17])}
    annual = yearly(rng, kind, source)
    new_year, year_end = dt.date(year, 1, 1), dt.date(year, 12, 31)
    if chance(rng, 0.5):
        acquired = day_between(rng, new_year, year_end)
    else:
        acquired = day_between(rng, dt.date(2010, 1, 1), new_year - dt.timedelta(1))
    source["acquired_on"] = str(acquired)
    # The month of acquisition is taxed; months from an event on are not.
    taxed = set(range(acquired.month if acquired.year == year else 1, 13))
    happened(rng, source, taxed, max(acquired, new_year), year_end)
    spans = []
    for month in sorted(taxed):
        if spans and spans[-1][-1] == month - 1:
            spans[-1].append(month)
        else:
            spans.append([month])
    tax = total(half_up(annual * len(span) / 12) for span in spans)
    relief = F(0)
    if chance(rng, 0.15):
        source["reliefs"] = [{"relief_id": "VV_MILITARY"}]
        relief = tax
    elif kind == "PASSENGER_CAR" and source["displacement_ml"] <= 1600 and year >= 2019:
        # On the rounded tax of the vehicle, all its months (decision VV4).
        source["reliefs"] = [{"relief_id": "VV_ENERGY_SAVING", "document": "目录"}]
        relief = half_up(tax * HALF)
    count, paid = source["count"], F(0)
    if chance(rng, 0.3):
        paid = half_up(annual * count * rng.randint(1, 12) / 12)
    if paid:
        payment = {"kind": "PAID", "tax_year": year, "amount": yuan(paid), "document": "票1"}
        source["payments"] = [payment]
    answer = (tax * count, relief * count, paid)
    return case(number, TAX, source, days(new_year, year_end), answer)


def yearly(rng, kind, source):
    """The unrounded tax of a whole year; writes the facts into the source."""
    if kind == "PASSENGER_CAR":
        edges = [edge + step for edge, _, _ in CARS[:-1] for step in (0, 1)]
        size = rng.choice([rng.randint(600, 6000), rng.choice(edges)])
        _, low, high = next(car for car in CARS if size <= car[0])
        source |= {"displacement_ml": size, "seats": rng.randint(2, 9)}
        quantity, amount = F(1), F(rng.randint(low, high))
    elif kind == "BUS":
        source["seats"] = rng.choice([10, 19, 20, 21, 45])
        quantity, amount = F(1), F(rng.randint(480, 1440))
    elif kind == "MOTORCYCLE":
        quantity, amount = F(1), F(rng.randint(36, 180))
    elif kind in BY_MASS:
        quantity, amount = figure(rng, 1, 60, rng.choice([0, 1, 2, 3, 6])), F(rng.randint(16, 120))
        source["curb_mass_tonnes"] = text(quantity)
    elif kind == "TUG":
        power = figure(rng, 10, 20000, rng.choice([0, 1, 2]))
        source["engine_power_kw"] = text(power)
        # 1 kW counts as 0.67 net tons, and the class is found from the result.
        quantity = power * F(67, 100)
        return quantity * tonnage_amount(quantity) * HALF
    elif kind in ("MOTOR_VESSEL", "BARGE"):
        quantity = rng.choice([figure(rng, 1, 15000), F(rng.choice(EDGES["t"]))])
        source["net_tonnage_tonnes"] = text(quantity)
        return quantity * tonnage_amount(quantity) * (HALF if kind == "BARGE" else 1)
    else:
        quantity = rng.choice([figure(rng, 3, 50), F(rng.choice(EDGES["m"]))])
        source["hull_length_metres"] = text(quantity)
        return quantity * (F(600) if kind == "AUX_SAIL_YACHT" else length_amount(quantity))
    # For a trailer the truck's amount is stated, and half of it counts.
    source["stated_unit_amount"] = {"value": text(amount), "document": "题设"}
    return quantity * amount * (HALF if kind == "TRAILER" else 1)


def happened(rng, source, taxed, begin, end):
    """An end of the tax, or a theft with or without recovery."""
    if chance(rng, 0.25):
        day = day_between(rng, begin, end)
        kind = rng.choice(["SCRAPPED", "LOST", "RETURNED"])
        source["events"] = [{"kind": kind, "on": str(day), "document": "证1"}]
        taxed -= set(range(day.month, 13))
    elif chance(rng, 0.25) and source["kind"] not in VESSELS:
        day = day_between(rng, begin, end)
        source["events"] = [{"kind": "STOLEN", "on": str(day), "document": "证1"}]
        taxed -= set(range(day.month, 13))
        if chance(rng, 0.6) and day < end:
            found = day_between(rng, day + dt.timedelta(1), end)
            recovered = {"kind": "RECOVERED", "on": str(found), "document": "证2"}
            source["events"].append(recovered)
            taxed |= set(range(found.month, 13))

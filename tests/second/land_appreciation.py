"""土地增值税: appreciation = income − deductions, the bracket by their exact ratio."""

import datetime as dt

from common import (
    F, HALF, add_months, case, chance, day_between, days, figure, first_day, half_up, month_of,
    month_text, months, text, total, yuan,
)

TAX = "LAND_APPRECIATION_TAX"
SIMPLE = F(5, 100)
VAT_REFORM = dt.date(2016, 5, 1)
KINDS = ["ORDINARY", "NON_ORDINARY", "OTHER"]


def general_rate(day):
    """VAT on real estate, general method."""
    if day < dt.date(2018, 5, 1):
        return F(11, 100)
    return F(10, 100) if day < dt.date(2019, 4, 1) else F(9, 100)


def tax_on(value_added, deductions):
    """The brackets; their upper edges are inclusive."""
    if value_added <= 0:
        return F(0)
    if value_added * 2 <= deductions:
        rate, coefficient = F(30, 100), F(0)
    elif value_added <= deductions:
        rate, coefficient = F(40, 100), F(5, 100)
    elif value_added <= 2 * deductions:
        rate, coefficient = F(50, 100), F(15, 100)
    else:
        rate, coefficient = F(60, 100), F(35, 100)
    return half_up(value_added * rate - deductions * coefficient)


def exempt(kind, value_added, deductions):
    """Ordinary housing up to 20%, the edge included (条例 第八条)."""
    return kind == "ORDINARY" and 0 < value_added * 5 <= deductions


def held_years(bought, sold):
    """Full years; a rest of over six months counts as one, but only after the first year."""
    full = 0
    while add_months(bought, 12 * (full + 1)) <= sold:
        full += 1
    return full + 1 if full and sold > add_months(bought, 12 * full + 6) else full


def income(rng, day, low=1e5, high=5e8):
    """Income parts and their sum without VAT."""
    parts, net = [], F(0)
    for _ in range(rng.choice([1, 1, 2])):
        gross = figure(rng, low, high)
        method = rng.choice(["EXCLUDED", "GENERAL", "SIMPLE"])
        part = {"kind": rng.choice(["MONETARY", "IN_KIND", "DEEMED"]), "amount": yuan(gross),
                "vat_method": method}
        vat = F(0)
        if method == "GENERAL":
            # The land price comes off before VAT, and stays in the income.
            land = half_up(gross * F(rng.randint(0, 90), 100)) if chance(rng, 0.6) else F(0)
            part["vat_offset"] = yuan(land)
            rate = general_rate(day)
            vat = half_up(max(F(0), gross - land) / (1 + rate) * rate)
        elif method == "SIMPLE":
            vat = half_up(gross / (1 + SIMPLE) * SIMPLE)
        parts.append(part)
        net += gross - vat
    return parts, net


def deductions(rng, scale):
    """A developer's deductions on the wire, and their sum."""
    def part(low, high):
        return half_up(scale * F(rng.randint(low, high), 100))

    land, building, roads, fees = part(0, 60), part(1, 60), part(0, 10), part(0, 3)
    taxes = half_up(scale * F(rng.randint(0, 300), 10000))
    base = land + building + roads
    wire = {
        "land": yuan(land), "collected_fees": yuan(fees),
        "development_cost": {"construction": yuan(building), "infrastructure": yuan(roads)},
        "taxes": {"urban_construction": yuan(taxes)},
    }
    expense, cap = F(0), 10
    if chance(rng, 0.5):
        wire["expense_mode"] = "TEN_PERCENT"
    else:
        wire["expense_mode"], cap = "INTEREST_PLUS_FIVE", 5
        interest = half_up(base * F(rng.randint(0, 8), 100))
        penalty = half_up(interest * F(rng.randint(0, 30), 100))
        wire |= {"interest": yuan(interest), "interest_disallowed": yuan(penalty)}
        expense = interest - penalty
        if chance(rng, 0.4):
            bank = half_up(base * F(rng.randint(0, 8), 100))
            wire["interest_cap"] = yuan(bank)
            expense = min(expense, bank)
    rate = F(cap, 100)
    if chance(rng, 0.3):
        rate = F(rng.randint(1, cap), 100)
        wire["expense_rate"] = text(rate)
    expense += half_up(base * rate)
    # 20% more on land and development cost, not on the fees collected for others.
    return wire, base + expense + taxes + half_up(base * F(20, 100)) + fees


def random_case(rng, number):
    """One of the declaration types."""
    day = day_between(rng, dt.date(2018, 1, 1), dt.date(2027, 12, 31))
    make = rng.choice([settlement, settlement, prepay, tail, building, building, unfinished,
                       assessed, land])
    basis, answer, monthly = make(rng, day)
    source = {"project_name": "测试项目", "basis": basis}
    period = months(month_of(day), month_of(day)) if monthly else days(day, day)
    return case(number, TAX, source, period, answer, region="350000")


def settlement(rng, day):
    """Each type by itself; the prepayments are credited."""
    types, tax, relief, paid = [], F(0), F(0), F(0)
    for kind in rng.sample(KINDS, rng.randint(1, 3)):
        parts, net = income(rng, day)
        wire, deducted = deductions(rng, net * F(rng.randint(30, 110), 100))
        prepaid = half_up(net * F(rng.randint(0, 4), 100))
        types.append({"property_type": kind, "income": parts, "deductions": wire,
                      "prepaid": yuan(prepaid)})
        one = tax_on(net - deducted, deducted)
        tax += one
        relief += one if exempt(kind, net - deducted, deducted) else 0
        paid += prepaid
    return {"SETTLEMENT": {"event_on": str(day), "types": types}}, (tax, relief, paid), False


def unfinished(rng, day):
    """A whole project under construction: without types, without the exemption."""
    parts, net = income(rng, day)
    wire, deducted = deductions(rng, net * F(rng.randint(30, 110), 100))
    prepaid = half_up(net / 100)
    basis = {"contract_on": str(day), "income": parts, "deductions": wire,
             "prepaid": yuan(prepaid)}
    return {"WIP_TRANSFER": basis}, (tax_on(net - deducted, deducted), F(0), prepaid), False


def prepay(rng, day):
    """Receipts less the VAT to be prepaid, or divided by one plus the rate."""
    month = month_of(day)
    method = rng.choice([None, "RECEIPT_MINUS_PREPAID_VAT", "RECEIPT_DIV_ONE_PLUS_RATE"])
    rows, tax, paid = [], F(0), F(0)
    for kind in rng.sample(KINDS, rng.randint(1, 3)):
        money, goods, deemed = figure(rng, 0, 1e8), figure(rng, 0, 1e6), figure(rng, 0, 1e6)
        receipts = money + goods + deemed
        vat_method = rng.choice(["GENERAL", "SIMPLE"])
        vat = general_rate(first_day(month)) if vat_method == "GENERAL" else SIMPLE
        if method == "RECEIPT_DIV_ONE_PLUS_RATE":
            base = half_up(receipts / (1 + vat))
        else:
            base = receipts - half_up(receipts / (1 + vat) * F(3, 100))
        rate = F(rng.choice([2, 3, 4, 5, 8]), 100)
        one = half_up(base * rate)
        before = half_up(one * F(rng.randint(0, 50), 100))
        rows.append({
            "month": month_text(month), "class": kind, "monetary": yuan(money),
            "in_kind": yuan(goods), "deemed": yuan(deemed), "vat_method": vat_method,
            "stated_rate": {"value": text(rate), "document": "题设"},
            "already_paid": yuan(before),
        })
        tax += one
        paid += before
    basis = {"rows": rows} | ({} if method is None else {"base_method": method})
    return {"PREPAY": basis}, (tax, F(0), paid), True


def tail(rng, day):
    """The settlement's unit cost without taxes × area sold, and the taxes of these sales."""
    month = month_of(day)
    rows, tax, relief = [], F(0), F(0)
    for kind in rng.sample(KINDS, rng.randint(1, 2)):
        sold, area = figure(rng, 1000, 50000), figure(rng, 50, 3000)
        concluded = figure(rng, 1e6, 2e8)
        taxes_then = half_up(concluded * F(rng.randint(0, 5), 100))
        cost = half_up(half_up((concluded - taxes_then) / sold) * area)
        parts, net = income(rng, first_day(month), float(cost) / 3 + 1, float(cost) * 3 + 10)
        taxes = half_up(net * F(rng.randint(0, 200), 10000))
        rows.append({
            "month": month_text(month), "property_type": kind, "income": parts,
            "area_sqm": text(area), "taxes": {"urban_construction": yuan(taxes)},
            "settled": {"income": yuan(concluded * 2), "deductions": yuan(concluded),
                        "taxes": yuan(taxes_then), "sold_area_sqm": text(sold)},
        })
        deducted = cost + taxes
        one = tax_on(net - deducted, deducted)
        tax += one
        relief += one if exempt(kind, net - deducted, deducted) else 0
    return {"TAIL": {"rows": rows}}, (tax, relief, F(0)), True


def transfer(rng, day):
    """A transfer by anybody, and the income that counts: a low price gives way."""
    parts, net = income(rng, day, 1e5, 5e7)
    wire = {"contract_on": str(day), "property_use": "NON_HOUSING", "income": parts}
    if chance(rng, 0.25):
        appraised = half_up(net * F(rng.randint(70, 140), 100))
        wire["assessed_price"] = yuan(appraised)
        wire["low_price_justified"] = chance(rng, 0.3)
        if not wire["low_price_justified"]:
            net = max(net, appraised)
    taxes = half_up(net * F(rng.randint(0, 100), 10000)), half_up(net * F(5, 10000))
    stated = {"urban_construction": yuan(taxes[0]), "stamp": yuan(taxes[1])}
    return wire, net, stated, total(taxes)


def assessed(rng, day):
    """Income × the assessed rate."""
    wire, net, _, _ = transfer(rng, day)
    rate = F(rng.choice([5, 6, 8, 10]), 100)
    basis = {"transfer": wire, "stated_rate": {"value": text(rate), "document": "题设"}}
    return {"OLD_ASSESSED": basis}, (half_up(net * rate), F(0), F(0)), False


def land(rng, day):
    """Raw land, or improved land with 20% more on its development cost only."""
    wire, net, stated, taxes = transfer(rng, day)
    paid = half_up(net * F(rng.randint(1, 110), 100))
    improved = half_up(net * F(rng.randint(0, 40), 100)) if chance(rng, 0.5) else F(0)
    deducted = paid + improved + half_up(improved * F(20, 100)) + taxes
    basis = {"transfer": wire, "land_paid": yuan(paid), "development_cost": yuan(improved),
             "taxes": stated}
    return {"LAND_TRANSFER": basis}, (tax_on(net - deducted, deducted), F(0), F(0)), False


def building(rng, day):
    """An old building by appraisal or by its purchase invoice."""
    wire, net, stated, taxes = transfer(rng, day)
    method, cost = (appraisal if chance(rng, 0.5) else invoice)(rng, day, net)
    deducted = cost + taxes
    basis = {"transfer": wire, "method": method, "taxes": stated}
    return {"OLD_BUILDING": basis}, (tax_on(net - deducted, deducted), F(0), F(0)), False


def appraisal(rng, _, net):
    """Land, replacement cost × newness, and the fee unless the bureau ordered it."""
    paid = half_up(net * F(rng.randint(0, 40), 100))
    replacement = half_up(net * F(rng.randint(1, 120), 100))
    newness, fee = F(rng.randint(1, 100), 100), figure(rng, 0, 20000)
    ordered = chance(rng, 0.2)
    wire = {"land_paid": yuan(paid), "replacement_cost": yuan(replacement),
            "newness": text(newness), "fee": yuan(fee), "ordered_by_bureau": ordered}
    cost = paid + half_up(replacement * newness) + (0 if ordered else fee)
    return {"APPRAISAL": wire}, cost


def invoice(rng, day, net):
    """5% of the invoice for each year, simple; deed tax is not uplifted."""
    bought = day_between(rng, dt.date(2000, 1, 1), day)
    if chance(rng, 0.4):
        # Around the edge of six months over full years.
        bought = add_months(day, -12 * rng.randint(0, 15) - 6)
        bought += dt.timedelta(rng.choice([-1, 0, 1]))
    amount = half_up(net * F(rng.randint(5, 110), 100))
    kind, vat = "BUSINESS_TAX", F(0)
    if bought >= VAT_REFORM:
        kind, vat = rng.choice(["ORDINARY_VAT", "SPECIAL_VAT"]), half_up(amount * SIMPLE)
    deed_tax = half_up(amount * F(3, 100))
    wire = {"kind": kind, "purchase_on": str(bought), "amount": yuan(amount), "vat": yuan(vat),
            "deed_tax": yuan(deed_tax)}
    uplifted = half_up((amount + vat) * (1 + F(5, 100) * held_years(bought, day)))
    return {"INVOICE": wire}, uplifted + deed_tax

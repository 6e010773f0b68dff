//! Which item (税目) of the schedule a vehicle or vessel falls under, and how much of its unit it
//! has. The schedule is the rule pack's table `vvt.items`; a class applies to the whole quantity.

use super::catalogue;
use super::source::{Kind, Source};
use crate::rules::{LookupError, Table};
use crate::tax::{Applied, BaseUnit, ChargeError, Context, Finding};
use crate::types::{Exact, Period, parse_decimal};

const ITEMS: &str = "vvt.items";
/// Net tons of a tug per kilowatt of engine power.
const TUG_FACTOR: &str = "vvt.tug.net_tonnes_per_kw";

/// An item of the schedule with the quantity taxed under it.
#[derive(Debug)]
pub(super) struct Classed {
    /// Stable id.
    pub item: String,
    /// 征收品目代码.
    pub code: String,
    /// Name in Chinese.
    pub name_zh: String,
    /// Document of the schedule.
    pub cite: String,
    /// Parameter id of the unit amount.
    pub amount_id: String,
    /// Parameter id of the share of the unit amount, for trailers, tugs and barges.
    pub share_id: Option<String>,
    /// Quantity of one vehicle in `unit`.
    pub quantity: Exact,
    /// Unit of the quantity.
    pub unit: BaseUnit,
    /// How the quantity was found, when it was converted.
    pub converted: Option<Conversion>,
    /// The class by size, where the family has several.
    pub class: Option<Class>,
}

/// The class by size that a vehicle or vessel falls in, with its neighbours.
#[derive(Debug)]
pub(super) struct Class {
    /// The measure that decides, such as `NET_TONNES`.
    pub by: String,
    /// The size.
    pub size: Exact,
    /// The bound below, outside the class, and the class that it ends.
    pub below: Option<Neighbour>,
    /// The bound above, inside the class, and the class that starts beyond it.
    pub beyond: Option<Neighbour>,
}

/// The next class in one direction.
#[derive(Debug)]
pub(super) struct Neighbour {
    /// The bound between the two classes.
    pub bound: Exact,
    /// Name in Chinese.
    pub name_zh: String,
    /// Stable item id.
    pub item: String,
    /// Parameter id of its unit amount.
    pub amount_id: String,
}

/// Engine power turned into net tons.
#[derive(Debug)]
pub(super) struct Conversion {
    /// The factor applied.
    pub factor: Applied,
    /// The expression with its values.
    pub expression: String,
}

fn broken() -> ChargeError {
    LookupError::WrongKind {
        id: ITEMS.to_owned(),
        wanted: "schedule of items",
    }
    .into()
}

/// Finds the item of a source for a tax year.
pub(super) fn of(source: &Source, ctx: &Context<'_>, year: Period) -> Result<Classed, ChargeError> {
    let on = year.first();
    let table = ctx
        .rules
        .table(ITEMS, on)
        .ok_or_else(|| LookupError::Missing {
            id: ITEMS.to_owned(),
            region: ctx.region,
            on,
        })?;
    for row in &table.rows {
        let cell = |column| table.cell(row, column).ok_or_else(broken);
        if cell("family")? != source.kind.family() {
            continue;
        }
        let class_by = cell("class_by")?;
        let mut class = None;
        if !class_by.is_empty() {
            let (size, _) = measure(source, ctx, year, class_by)?;
            let (above, up_to) = (bound(cell("above")?)?, bound(cell("up_to")?)?);
            let inside =
                above.is_none_or(|above| size > above) && up_to.is_none_or(|up_to| size <= up_to);
            if !inside {
                continue;
            }
            class = Some(Class {
                by: class_by.to_owned(),
                size,
                below: neighbour(source, table, above, "up_to")?,
                beyond: neighbour(source, table, up_to, "above")?,
            });
        }
        return classed(source, ctx, year, table, row, class);
    }
    Err(broken())
}

/// The class of the family whose other bound is the one given.
fn neighbour(
    source: &Source,
    table: &Table,
    at: Option<Exact>,
    other: &str,
) -> Result<Option<Neighbour>, ChargeError> {
    let Some(at) = at else {
        return Ok(None);
    };
    for row in &table.rows {
        let cell = |column| table.cell(row, column).ok_or_else(broken);
        if cell("family")? == source.kind.family() && bound(cell(other)?)? == Some(at) {
            return Ok(Some(Neighbour {
                bound: at,
                name_zh: cell("name_zh")?.to_owned(),
                item: cell("item")?.to_owned(),
                amount_id: cell("amount")?.to_owned(),
            }));
        }
    }
    Ok(None)
}

fn classed(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    table: &Table,
    row: &[String],
    class: Option<Class>,
) -> Result<Classed, ChargeError> {
    let cell = |column| table.cell(row, column).ok_or_else(broken);
    let by = cell("quantity_by")?;
    let (quantity, converted) = match by {
        "EACH" => (Exact::ONE, None),
        _ => measure(source, ctx, year, by)?,
    };
    let unit = match by {
        "EACH" => BaseUnit::Piece,
        "CURB_MASS_TONNES" | "NET_TONNES" => BaseUnit::Tonne,
        "HULL_METRES" => BaseUnit::Metre,
        _ => return Err(broken()),
    };
    let share = cell("share")?;
    Ok(Classed {
        item: cell("item")?.to_owned(),
        code: cell("code")?.to_owned(),
        name_zh: cell("name_zh")?.to_owned(),
        cite: table.source.cite.clone(),
        amount_id: cell("amount")?.to_owned(),
        share_id: (!share.is_empty()).then(|| share.to_owned()),
        quantity,
        unit,
        converted,
        class,
    })
}

/// A bound of a class; empty means none.
fn bound(text: &str) -> Result<Option<Exact>, ChargeError> {
    if text.is_empty() {
        return Ok(None);
    }
    match parse_decimal(text, 13, 2) {
        Ok(value) => Ok(Some(Exact::from(value))),
        Err(_) => Err(broken()),
    }
}

type Measured = (Exact, Option<Conversion>);

fn measure(
    source: &Source,
    ctx: &Context<'_>,
    year: Period,
    by: &str,
) -> Result<Measured, ChargeError> {
    let plain = |value: Option<Exact>, field: &str, zh: &str, en: &str| {
        value
            .filter(|value| !value.is_negative() && !value.is_zero())
            .map(|value| (value, None))
            .ok_or_else(|| absent(field, zh, en).into())
    };
    match by {
        "DISPLACEMENT_ML" => plain(
            source.displacement_ml.map(Exact::from),
            "displacement_ml",
            "排气量",
            "the displacement",
        ),
        "SEATS" => plain(
            source.seats.map(Exact::from),
            "seats",
            "核定载客人数",
            "the seats",
        ),
        "CURB_MASS_TONNES" => plain(
            source.curb_mass_tonnes.map(Exact::from),
            "curb_mass_tonnes",
            "整备质量",
            "the curb mass",
        ),
        "NET_TONNES" if source.kind == Kind::Tug => tug(source, ctx, year),
        "NET_TONNES" => plain(
            source.net_tonnage_tonnes.map(Exact::from),
            "net_tonnage_tonnes",
            "净吨位",
            "the net tonnage",
        ),
        "HULL_METRES" => plain(
            source.hull_length_metres.map(Exact::from),
            "hull_length_metres",
            "艇身长度",
            "the hull length",
        ),
        _ => Err(broken()),
    }
}

/// Net tons of a tug from its engine power, unrounded (实施条例 第四条).
fn tug(source: &Source, ctx: &Context<'_>, year: Period) -> Result<Measured, ChargeError> {
    let power = source
        .engine_power_kw
        .filter(|power| power.is_sign_positive() && !power.is_zero())
        .ok_or_else(|| absent("engine_power_kw", "主机功率", "the engine power"))?;
    let factor = ctx.number(TUG_FACTOR, year.first())?;
    let tonnes = Exact::from(power).mul(factor.value)?;
    let expression = format!("{power} kW × {}", factor.value);
    Ok((tonnes, Some(Conversion { factor, expression })))
}

fn absent(field: &str, zh: &str, en: &str) -> Finding {
    catalogue::VV_V4.at(
        field,
        format!(
            "该类车船须填写大于零的{zh}；没有登记资料的，参照国内同类型车船核定（公告2013年第42号）"
        ),
        format!(
            "{en} must be given and be above zero for this kind; without documents it is taken \
             from the same type"
        ),
    )
}

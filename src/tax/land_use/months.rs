//! Which months are taxed, and with what area and unit tax.

use jiff::civil::Date;
use num_traits::ToPrimitive;

use super::catalogue;
use super::source::{CityKind, LandClass, Source, Version};
use crate::rules::LookupError;
use crate::tax::{Applied, ChargeError, Context, Finding};
use crate::types::{Exact, Month, Overflow, Period};

/// The first taxed month and the rule it follows from.
#[derive(Debug, Clone)]
pub struct Start {
    /// The day the rule counts from.
    pub event: Date,
    /// The first taxed month.
    pub month: Month,
    /// Months from the event's month to the first taxed one.
    pub rule: Applied,
}

/// A run of months with the same area, grade and unit tax.
#[derive(Debug, Clone)]
pub struct Segment<'a> {
    /// The months.
    pub period: Period,
    /// Area and grade.
    pub version: &'a Version,
    /// Yuan per square metre and year.
    pub unit_tax: Applied,
    /// The taxed area: the version's, times the share in a shared building, exact (LU1).
    pub area: Exact,
}

impl Segment<'_> {
    /// The tax of an area over the segment's months, exact: area × unit tax × months ÷ 12.
    pub fn tax_of(&self, area: Exact) -> Result<Exact, Overflow> {
        area.mul(self.unit_tax.value)?
            .mul(self.period.month_count())?
            .div(Exact::int(12))
    }
}

/// The first taxed month (条例 art. 9; 财税〔2006〕186号; 国税发〔2003〕89号; decision LU2).
pub fn start(source: &Source, ctx: &Context<'_>) -> Result<Start, ChargeError> {
    let kind = source.acquisition.kind;
    let event = source.acquisition.counted_from().ok_or_else(no_date)?;
    let id = format!("lut.start_months.{}", kind.key());
    let rule = ctx.number(&id, event)?;
    let months = rule.value.to_i32().ok_or(LookupError::WrongKind {
        id,
        wanted: "number of months",
    })?;
    Ok(Start {
        event,
        month: Month::of(event).plus(months),
        rule,
    })
}

/// The refusal of an acquisition without a date.
pub fn no_date() -> Finding {
    catalogue::LU_ACQUISITION_DATE.at(
        "acquisition.event_on",
        "缺少确定纳税义务发生时间的日期（交付、批准、办证、交付使用等）",
        "the date that starts the liability (delivery, approval, certificate, handover) is missing",
    )
}

/// The taxed months inside a period; none when the plot is not taxed in it. Of collective land that
/// is rented on only the first lessee pays (spec §12).
pub fn taxed(source: &Source, start: &Start, period: Period) -> Option<Period> {
    if source.collective_sublease {
        return None;
    }
    let first = start.month.max(period.first_month());
    let mut last = period.last_month();
    if let Some(end) = source.end {
        last = last.min(Month::of(end.on));
    }
    (first <= last).then(|| Period::months_between(first, last))
}

impl Version {
    /// The first month it counts in; nothing for the first version.
    pub fn first_month(&self) -> Option<Month> {
        self.from_month
            .or_else(|| self.changed_on.map(|day| Month::of(day).next()))
    }

    /// Order of effect: by month, within a month by day (the last day wins).
    fn order(&self) -> (Option<Month>, Option<Date>) {
        let day = self
            .changed_on
            .or_else(|| self.from_month.map(Month::first_day));
        (self.first_month(), day)
    }
}

/// The version that counts in a month, with its place in the list.
pub fn version_in(source: &Source, month: Month) -> Option<(usize, &Version)> {
    source
        .versions
        .iter()
        .enumerate()
        .filter(|(_, version)| version.first_month().is_none_or(|first| first <= month))
        .max_by_key(|(_, version)| version.order())
}

/// The unit tax of a version in a month (LU3: the value on its first day).
pub fn unit_tax(
    ctx: &Context<'_>,
    place: usize,
    version: &Version,
    month: Month,
) -> Result<Applied, ChargeError> {
    let id = format!(
        "lut.unit_tax.{}.{}",
        version.land_class.key(),
        version.grade
    );
    let field = format!("versions[{place}].unit_tax.value");
    let day = month.first_day();
    let applied = ctx.rate(&id, day, version.unit_tax.as_ref(), &field)?;
    if let Some((low, high)) = range(ctx, version, day) {
        let floor = Exact::from(low).mul(ctx.number("lut.poor_area_floor", day)?.value)?;
        if Exact::from(applied.value) < floor {
            return Err(catalogue::LU_UNIT_TAX_BELOW_FLOOR
                .at(
                    field,
                    "税额标准低于法定最低额经降低后的下限",
                    "the unit tax is below the statutory minimum even after the allowed reduction",
                )
                .numbers(format!("{low}–{high}"), applied.value)
                .into());
        }
    }
    Ok(applied)
}

/// The national range for the version's place. A city of unknown kind has the widest range.
pub fn range(
    ctx: &Context<'_>,
    version: &Version,
    day: Date,
) -> Option<(rust_decimal::Decimal, rust_decimal::Decimal)> {
    let of = |kind: &str| ctx.rules.national_range(&format!("lut.range.{kind}"));
    if version.land_class != LandClass::City {
        return of("county_mining");
    }
    match version.city_kind {
        Some(kind) => of(kind.key()),
        None => match known_city_kind(ctx, day) {
            Some(kind) => of(&kind),
            None => Some((of(CityKind::Small.key())?.0, of(CityKind::Large.key())?.1)),
        },
    }
}

/// The kind of city that the rule pack knows for the place, in the words of [`CityKind::key`].
pub fn known_city_kind(ctx: &Context<'_>, day: Date) -> Option<String> {
    ctx.text("lut.city_kind", day).ok().map(str::to_lowercase)
}

/// The runs of taxed months inside `ctx.period`, in order.
pub fn segments<'a>(
    source: &'a Source,
    ctx: &Context<'_>,
    start: &Start,
) -> Result<Vec<Segment<'a>>, ChargeError> {
    let Some(taxed) = taxed(source, start, ctx.period) else {
        return Ok(Vec::new());
    };
    let mut segments: Vec<Segment<'a>> = Vec::new();
    for month in taxed.months() {
        let Some((place, version)) = version_in(source, month) else {
            continue;
        };
        let unit_tax = unit_tax(ctx, place, version, month)?;
        if let Some(last) = segments.last_mut()
            && same(last, version, &unit_tax)
        {
            last.period = Period::months_between(last.period.first_month(), month);
            continue;
        }
        segments.push(Segment {
            period: Period::months_between(month, month),
            version,
            unit_tax,
            area: taxed_area(source, version)?,
        });
    }
    Ok(segments)
}

fn same(segment: &Segment<'_>, version: &Version, unit_tax: &Applied) -> bool {
    let before = segment.version;
    before.area_sqm == version.area_sqm
        && before.land_class == version.land_class
        && before.grade == version.grade
        && segment.unit_tax.value == unit_tax.value
}

/// The area taxed: all of the plot, or the share by floor area (国税地字〔1988〕15号 art. 5).
pub fn taxed_area(source: &Source, version: &Version) -> Result<Exact, Overflow> {
    let area = Exact::from(version.area_sqm);
    match source.shared_building {
        None => Ok(area),
        Some(shared) => area
            .mul(shared.own_floor_area_sqm)?
            .div(shared.building_floor_area_sqm),
    }
}

/// The largest taxed area of any version.
pub fn largest_area(source: &Source) -> Option<Exact> {
    let areas = source.versions.iter();
    areas
        .filter_map(|version| taxed_area(source, version).ok())
        .max()
}

//! Houses and the plots they stand on (real estate X1–X4, X6; land use X1–X3, X5).

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Across, House, Land};
use crate::filing::SourceRecord;
use crate::filing::catalogue;
use crate::tax::{Finding, TaxSource, land_use, real_estate};
use crate::types::Month;

/// The plot a house stands on at the end of the window, as its last version before says.
pub(super) fn plot_of(house: &real_estate::Source, on: Date) -> Option<&real_estate::Plot> {
    version_of(house, on)?.plot.as_ref()
}

fn version_of(house: &real_estate::Source, on: Date) -> Option<&real_estate::ValueVersion> {
    let begun = |version: &&real_estate::ValueVersion| version.changed_on.is_none_or(|d| d <= on);
    house
        .versions
        .iter()
        .filter(begun)
        .max_by_key(|version| version.changed_on)
}

fn area_of(land: &land_use::Source, on: Date) -> Option<Decimal> {
    let from = |version: &land_use::Version| {
        version
            .changed_on
            .or(version.from_month.map(Month::first_day))
    };
    let begun = |version: &&land_use::Version| from(version).is_none_or(|day| day <= on);
    let last = land
        .versions
        .iter()
        .filter(begun)
        .max_by_key(|version| from(version))?;
    Some(last.area_sqm)
}

impl Across<'_> {
    pub(super) fn plot_of_house(&self, house: House<'_>) -> Vec<Finding> {
        let on = self.scope.window.last();
        let mut findings = Vec::new();
        let Some(plot) = plot_of(house.source, on).filter(|plot| !plot.land_no.is_empty()) else {
            return findings;
        };
        let number = &plot.land_no;
        let Some(land) = self
            .lands_by_no
            .get(number.as_str())
            .and_then(|found| found.first())
        else {
            findings.push(catalogue::X_HOUSE_PLOT.at(
                "versions.plot.land_no",
                format!("房产所在土地编号 {number} 在该纳税人的土地税源中不存在"),
                format!("plot {number}, on which the house stands, is no source of the taxpayer"),
            ));
            return findings;
        };
        let name = &land.record.name;
        if let Some(area) = area_of(land.source, on)
            && area != plot.plot_area
        {
            findings.push(
                catalogue::X_PLOT_AREA
                    .at(
                        "versions.plot.plot_area_sqm",
                        format!("宗地面积与土地税源“{name}”的占用面积不一致"),
                        format!("the plot's area differs from that of land source '{name}'"),
                    )
                    .numbers(area, plot.plot_area),
            );
        }
        if let Some(price) = land.source.land_price
            && price != plot.plot_cost
        {
            findings.push(
                catalogue::X_PLOT_COST
                    .at(
                        "versions.plot.plot_cost_yuan",
                        format!("计入房产原值的地价与土地税源“{name}”的地价不一致"),
                        format!("the land cost in the house differs from land source '{name}'"),
                    )
                    .numbers(price, plot.plot_cost),
            );
        }
        findings.extend(bought_apart(house, *land));
        findings.extend(self.ended_alone(house, *land, number));
        findings
    }

    /// The house is gone, its plot goes on and carries no other house.
    fn ended_alone(&self, house: House<'_>, land: Land<'_>, number: &str) -> Option<Finding> {
        let ended = house
            .source
            .ended_on
            .filter(|day| *day <= self.scope.window.last())?;
        let standing = |other: &House<'_>| {
            other.open()
                && other.record.id != house.record.id
                && other.source.ended_on.is_none_or(|day| day > ended)
        };
        let others = self.houses_by_land.get(number)?;
        if land.source.end.is_some() || !land.open() || others.iter().any(standing) {
            return None;
        }
        let name = &land.record.name;
        Some(catalogue::X_HOUSE_ENDED.at(
            "ended_on",
            format!("房产已于 {ended} 终止，请核对土地税源“{name}”是否也应终止"),
            format!("the house ended on {ended}: see whether land source '{name}' ended too"),
        ))
    }

    /// Floors of all houses that name the plot, against the taxpayer's own floor of it.
    pub(super) fn floors_on(&self, land: Land<'_>) -> Option<Finding> {
        let shared = land.source.shared_building?;
        let on = self.scope.window.last();
        let houses = self.houses_by_land.get(land.source.land_no.as_str())?;
        let mut floors = Decimal::ZERO;
        for house in houses.iter().filter(|house| house.open()) {
            let area = version_of(house.source, on).and_then(|version| version.building_area);
            if house
                .source
                .ended_on
                .is_none_or(|day| day >= self.scope.window.first())
            {
                floors = floors.saturating_add(area.unwrap_or_default());
            }
        }
        (floors > shared.own_floor_area_sqm).then(|| {
            catalogue::X_SHARED_FLOOR
                .at(
                    "shared_building.own_floor_area_sqm",
                    "该宗地上本纳税人各房产建筑面积之和超过分摊所用的自有建筑面积",
                    "the taxpayer's houses on the plot have more floor than its share counts",
                )
                .numbers(floors, shared.own_floor_area_sqm)
        })
    }

    /// A form with houses on it, of a taxpayer without any plot.
    pub(super) fn building_without_plot(&self, on_form: &[&SourceRecord]) -> Option<Finding> {
        let owned = |record: &&&SourceRecord| match &record.detail {
            TaxSource::RealEstateTax(house) => !house.versions.is_empty(),
            _ => false,
        };
        let house = on_form.iter().find(owned)?;
        self.lands.is_empty().then(|| {
            catalogue::X_BUILDING_WITHOUT_PLOT
                .at(
                    "",
                    "有房产税税源，但没有任何城镇土地使用税税源",
                    "there are houses, but no plot of land at all",
                )
                .below(&crate::filing::draw::path(house))
        })
    }
}

/// A house that was bought came with its land: both in one month, or in neighbouring ones.
fn bought_apart(house: House<'_>, land: Land<'_>) -> Option<Finding> {
    use crate::tax::land_use::AcquisitionKind as LandKind;
    use crate::tax::real_estate::AcquisitionKind as HouseKind;
    let bought = matches!(
        house.source.acquisition_kind,
        HouseKind::NewHouse | HouseKind::ExistingHouseCertificate
    );
    let acquisition = land.source.acquisition;
    let with_house = matches!(
        acquisition.kind,
        LandKind::NewHouse | LandKind::ExistingHouseCertificate | LandKind::Transfer
    );
    let of_land = acquisition.event_on.or(acquisition.signed_on)?;
    let (one, other) = (Month::of(house.source.acquired_on), Month::of(of_land));
    let apart = one.next() < other || other.next() < one;
    (bought && with_house && apart).then(|| {
        catalogue::X_ACQUIRED_APART
            .at(
                "acquired_on",
                format!(
                    "房产取得时间与土地税源“{}”的取得时间相差超过一个月",
                    land.record.name
                ),
                format!(
                    "house and land source '{}' were acquired more than a month apart",
                    land.record.name
                ),
            )
            .numbers(of_land, house.source.acquired_on)
    })
}

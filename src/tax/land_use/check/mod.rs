//! What is wrong or doubtful with a plot (校验), spec §11.

mod dates;
mod figures;
mod reliefs;
mod uses;

use rust_decimal::Decimal;

pub use dates::dates;

use super::catalogue;
use super::facts::ChangeKind;
use super::months;
use super::source::{AcquisitionKind, AcquisitionMode, LandNature, LandTaxpayer, Source, Version};
use crate::tax::{Context, Finding, Severity};
use crate::types::Period;

/// Length of a unit code (不动产单元代码).
const UNIT_CODE: usize = 28;

/// Everything that can be said of a plot in a place and period.
pub fn all(source: &Source, ctx: &Context<'_>) -> Vec<Finding> {
    let mut found = form(source);
    found.extend(doubts(source));
    found.extend(reliefs::doubts(source, ctx));
    if let Some(event) = source.acquisition.counted_from() {
        found.extend(dates(source, event));
    }
    found.extend(period(ctx.period));
    if found.iter().all(|f| f.severity != Severity::Error) {
        found.extend(figures::all(source, ctx));
    }
    found
}

/// A land use tax period is made of whole months.
pub fn period(period: Period) -> Option<Finding> {
    (!period.is_whole_months()).then(|| {
        catalogue::LU_PERIOD_MONTHS.at(
            "",
            format!("税款所属期 {period} 不是整月"),
            format!("the tax period {period} is not made of whole months"),
        )
    })
}

/// Errors of the source by itself, whatever the place.
pub fn form(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    if source.acquisition.counted_from().is_none() {
        found.push(months::no_date());
    }
    if source.taxpayer_kind != LandTaxpayer::RightHolder
        && (source.holder_id.is_empty() || source.holder_name.is_empty())
    {
        let field = match source.holder_id.is_empty() {
            true => "holder_id",
            false => "holder_name",
        };
        found.push(catalogue::LU_HOLDER.at(
            field,
            "纳税人不是土地使用权人的，应填写土地使用权人识别号和名称",
            "the right holder's identifier and name are needed when somebody else pays",
        ));
    }
    if let Some(shared) = source.shared_building {
        let (own, all) = (shared.own_floor_area_sqm, shared.building_floor_area_sqm);
        if own <= Decimal::ZERO || own > all {
            let finding = catalogue::LU_SHARED_FLOOR_AREA.at(
                "shared_building.own_floor_area_sqm",
                "自有建筑面积应大于零且不超过总建筑面积",
                "the own floor area must be above zero and not above the building's",
            );
            found.push(finding.numbers(format!("≤ {all}"), own));
        }
    }
    versions(source, &mut found);
    dates::order(source, &mut found);
    reliefs::form(source, &mut found);
    uses::form(source, &mut found);
    found
}

fn versions(source: &Source, found: &mut Vec<Finding>) {
    if source.versions.is_empty() {
        found.push(catalogue::LU_VERSION_FIRST.at(
            "versions",
            "至少应有一条面积和等级信息",
            "at least one version with area and grade is needed",
        ));
    }
    for (place, version) in source.versions.iter().enumerate() {
        let field = format!("versions[{place}]");
        if version.area_sqm <= Decimal::ZERO {
            let finding = catalogue::LU_V1_AREA.at(
                format!("{field}.area_sqm"),
                "占用土地面积应大于零",
                "the area must be above zero",
            );
            found.push(finding.numbers("> 0", version.area_sqm));
        }
        if let Some(plot) = source.plot_area_sqm
            && version.area_sqm > plot
        {
            let finding = catalogue::LU_V1_PLOT_AREA.at(
                format!("{field}.area_sqm"),
                format!("占用土地面积 {} 大于宗地面积 {plot}", version.area_sqm),
                format!("the area {} is above the plot's {plot}", version.area_sqm),
            );
            found.push(finding.numbers(format!("≤ {plot}"), version.area_sqm));
        }
        if version.grade == 0 {
            found.push(catalogue::LU_GRADE.at(
                format!("{field}.grade"),
                "土地等级从 1 开始",
                "grades begin at 1",
            ));
        }
        assessed(source, version, &field, found);
    }
}

/// V9: the grade is one of those that the bureau assessed, where they are known.
fn assessed(source: &Source, version: &Version, field: &str, found: &mut Vec<Finding>) {
    let known = source
        .assessed_grades
        .iter()
        .any(|one| one.land_class == version.land_class && one.grade == version.grade);
    if known || source.assessed_grades.is_empty() {
        return;
    }
    let names: Vec<String> = source
        .assessed_grades
        .iter()
        .map(|one| one.land_class.item(one.grade).1)
        .collect();
    let (_, name) = version.land_class.item(version.grade);
    let finding = catalogue::LU_V9_GRADE_NOT_ASSESSED.at(
        format!("{field}.grade"),
        format!("{name} 不在税费种认定的品目中，请先变更认定或核对等级"),
        format!(
            "{} is not among the items assessed for the taxpayer",
            version.land_class.item(version.grade).0
        ),
    );
    found.push(finding.numbers(names.join("、"), name));
}

/// What is doubtful of the source by itself.
fn doubts(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    let filed =
        source.acquisition.kind == AcquisitionKind::CarriedOver || !source.payments.is_empty();
    if filed && source.land_no.is_empty() {
        found.push(catalogue::LU_V3_LAND_NO.at(
            "land_no",
            "该税源此前已申报，应填写税务机关编发的土地编号",
            "a plot filed before has a number issued by the bureau",
        ));
    }
    let characters = source.unit_code.chars().count();
    if characters != 0 && characters != UNIT_CODE {
        let finding = catalogue::LU_UNIT_CODE.at(
            "unit_code",
            format!("不动产单元代码应为 {UNIT_CODE} 位，现为 {characters} 位"),
            format!("a unit code has {UNIT_CODE} characters, this one has {characters}"),
        );
        found.push(finding.numbers(UNIT_CODE, characters));
    }
    let collective = source.taxpayer_kind == LandTaxpayer::CollectiveUser
        || source.acquisition.kind == AcquisitionKind::CollectiveUse
        || source.collective_sublease;
    if collective && source.nature != LandNature::Collective {
        let finding = catalogue::LU_COLLECTIVE_NATURE.at(
            "nature",
            "集体土地使用人的土地性质应为集体",
            "a user of collective land should state collective land",
        );
        found.push(finding.fix("nature", "LAND_USE_NATURE_COLLECTIVE"));
    }
    acquisition(source, &mut found);
    for (place, version) in source.versions.iter().enumerate() {
        area_basis(version, place, &mut found);
    }
    for (place, pair) in source.versions.windows(2).enumerate() {
        if let [before, after] = pair {
            change_kind(before, after, place + 1, &mut found);
        }
    }
    found
}

/// Doubts about how and when the land was got.
fn acquisition(source: &Source, found: &mut Vec<Finding>) {
    let acquisition = source.acquisition;
    let both = acquisition.signed_on.zip(acquisition.event_on);
    if acquisition.kind.is_paid_contract() && both.is_some_and(|(signed, event)| event < signed) {
        found.push(catalogue::LU_DELIVERY_BEFORE_CONTRACT.at(
            "acquisition.event_on",
            "约定交付时间早于合同签订时间，请核对",
            "the agreed delivery lies before the signing of the contract; please check",
        ));
    }
    let requisitioned = matches!(
        acquisition.kind,
        AcquisitionKind::RequisitionedFarmland | AcquisitionKind::RequisitionedOther
    );
    if let Some((signed, approved)) = both
        && requisitioned
        && signed != approved
    {
        found.push(catalogue::LU_X6_APPROVAL_GOVERNS.at(
            "acquisition.signed_on",
            format!("纳税义务自批准之日 {approved} 计算，合同签订日 {signed} 不影响起始月份"),
            format!("the liability counts from the approval on {approved}, not from {signed}"),
        ));
    }
    let by_contract = matches!(
        source.acquisition_mode,
        AcquisitionMode::Granted | AcquisitionMode::Transferred
    );
    if acquisition.kind == AcquisitionKind::RequisitionedFarmland && by_contract {
        found.push(catalogue::LU_FARMLAND_BY_CONTRACT.at(
            "acquisition.kind",
            "土地以出让或转让方式取得：通过招拍挂取得的，不属于新征用的耕地，应自交付或签订次月起计税",
            "the land was granted or transferred: if by bid, auction or listing it is not newly \
             requisitioned farmland and is taxed from the month after delivery or signing",
        ));
    }
}

/// Official survey, else the certificate, else the taxpayer's own figure (spec §5).
fn area_basis(version: &Version, place: usize, found: &mut Vec<Finding>) {
    let surveyed = version
        .surveyed_area_sqm
        .map(|area| (area, "测定", "surveyed"));
    let certificate = version
        .certificate_area_sqm
        .map(|area| (area, "证书确认的", "certificate's"));
    if let Some((area, zh, en)) = surveyed.or(certificate)
        && area != version.area_sqm
    {
        let field = format!("versions[{place}].area_sqm");
        let finding = catalogue::LU_AREA_BASIS.at(
            field.clone(),
            format!("占用土地面积 {} 与{zh}面积 {area} 不符", version.area_sqm),
            format!("the area {} is not the {en} {area}", version.area_sqm),
        );
        found.push(finding.numbers(area, version.area_sqm).fix(field, area));
    }
}

/// The kind of change names what changed.
fn change_kind(before: &Version, after: &Version, place: usize, found: &mut Vec<Finding>) {
    let area = before.area_sqm != after.area_sqm;
    let grade = (before.land_class, before.grade) != (after.land_class, after.grade);
    let agrees = match after.change_kind {
        Some(ChangeKind::Area) => area,
        Some(ChangeKind::Grade) => grade,
        Some(ChangeKind::Relief) => !area && !grade,
        Some(ChangeKind::Other) | None => true,
    };
    if !agrees {
        found.push(catalogue::LU_CHANGE_KIND.at(
            format!("versions[{place}].change_kind"),
            "变更类型与面积、等级的变化不符",
            "the kind of change does not fit what changed in area and grade",
        ));
    }
}

//! Facts beside the form: changes, assessed grades, uses, staff.

use super::super::Fields;
use super::{class, class_wire, period_wire, text};
use crate::pb;
use crate::tax::land_use::{AssessedGrade, ChangeKind, PieceUse, Staff, UseKind};

paired!(
    change,
    change_wire,
    ChangeKind,
    LandUseChangeKind,
    [Area, Grade, Relief, Other]
);
paired!(
    kind,
    kind_wire,
    UseKind,
    LandUsePieceKind,
    [
        StateOrgan,
        BudgetUnit,
        TemplePark,
        Public,
        Farming,
        Reclaimed,
        FreeToExempt,
        SchoolHospital,
        BulkWarehouse,
        BusRail,
        FarmMarket,
        Heating,
        Incubator,
        RuralWater,
        PublicRental,
        SaleAffordable,
        Shanty,
        Relocation,
        CommunityCare,
        Reserves,
        Aviation,
        PublicStadium,
        EnterpriseStadium,
        Foreclosed,
        Nuclear,
        NuclearBuilding,
        OilMineSalt,
        CapacityCut,
        Taxed,
    ]
);

pub(super) fn assessed(
    fields: &mut Fields<'_>,
    wire: &pb::LandUseAssessedGrade,
) -> Option<AssessedGrade> {
    let land_class = fields.choice("land_class", wire.land_class, class);
    let grade = fields.count("grade", wire.grade, 1, 99);
    Some(AssessedGrade {
        land_class: land_class?,
        grade: grade?,
    })
}

pub(super) fn assessed_wire(value: &AssessedGrade) -> pb::LandUseAssessedGrade {
    pb::LandUseAssessedGrade {
        land_class: class_wire(value.land_class),
        grade: value.grade,
    }
}

pub(super) fn piece(fields: &mut Fields<'_>, wire: &pb::LandUsePiece) -> Option<PieceUse> {
    let kind = fields.choice("kind", wire.kind, kind);
    let area_sqm = fields.optional_quantity("area_sqm", &wire.area_sqm, 2);
    let share = fields.optional_ratio("share", &wire.share);
    let period = fields.optional_period("period", wire.period.as_ref());
    Some(PieceUse {
        kind: kind?,
        area_sqm: area_sqm?,
        share: share?,
        period: period?,
    })
}

pub(super) fn piece_wire(value: &PieceUse) -> pb::LandUsePiece {
    pb::LandUsePiece {
        kind: kind_wire(value.kind),
        area_sqm: text(value.area_sqm),
        share: text(value.share),
        period: value.period.map(period_wire),
    }
}

pub(super) fn staff(
    fields: &mut Fields<'_>,
    wire: Option<&pb::LandUseStaff>,
) -> Option<Option<Staff>> {
    let Some(wire) = wire else { return Some(None) };
    let mut below = fields.below("staff");
    let disabled = below.quantity("disabled", &wire.disabled, 2);
    let all = below.quantity("all", &wire.all, 2);
    Some(Some(Staff {
        disabled: disabled?,
        all: all?,
    }))
}

pub(super) fn staff_wire(value: Staff) -> pb::LandUseStaff {
    pb::LandUseStaff {
        disabled: value.disabled.to_string(),
        all: value.all.to_string(),
    }
}

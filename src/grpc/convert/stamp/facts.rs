//! Facts about a document on the wire: scope, real property, restructuring, price.

use crate::grpc::convert::Fields;
use crate::pb;
use crate::tax::stamp::{
    OutOfScope, PriceBasis, PropertyUse, RealProperty, RestructuredBody, Restructuring,
};
use crate::types::Region;

/// Closed lists with the same names on both sides, both ways.
macro_rules! names {
    ($read:ident $write:ident $wire:ident $domain:ident: $($name:ident)+) => {
        /// Reads the wire's value.
        pub fn $read(wire: pb::$wire) -> Option<$domain> {
            match wire {
                pb::$wire::Unspecified => None,
                $(pb::$wire::$name => Some($domain::$name),)+
            }
        }

        /// Writes the wire's value.
        pub fn $write(value: $domain) -> i32 {
            match value { $($domain::$name => pb::$wire::$name.into(),)+ }
        }
    };
}

names! { out_of_scope out_of_scope_to_wire StampOutOfScope OutOfScope:
    CourtDocument Expropriation InternalPlan ServiceContract PersonalInsurance Reinsurance
    Futures BondsAndFunds Interbank NonFinancialLoan Pipeline RuralLandRight IndividualMovables
    OrderOfContract UsedAbroad
}
names! { price_basis price_basis_to_wire StampPriceBasis PriceBasis: Market Government }
names! { property_use property_use_to_wire StampPropertyUse PropertyUse: Housing Building Land }
names! { body body_to_wire StampRestructuredBody RestructuredBody: Enterprise PublicInstitution }

/// Reads the real property a document is about.
pub fn real_property(
    fields: &mut Fields<'_>,
    wire: &pb::StampRealProperty,
) -> Option<RealProperty> {
    let division = fields.required("division_code", &wire.division_code, Region::parse);
    let used_as = fields.choice("used_as", wire.used_as, property_use);
    Some(RealProperty {
        division: division?,
        used_as: used_as?,
    })
}

/// Writes the real property a document is about.
pub fn real_property_to_wire(property: RealProperty) -> pb::StampRealProperty {
    pb::StampRealProperty {
        division_code: property.division.to_string(),
        used_as: property_use_to_wire(property.used_as),
    }
}

/// Reads the restructuring a document belongs to.
pub fn restructuring(
    fields: &mut Fields<'_>,
    wire: &pb::StampRestructuring,
) -> Option<Restructuring> {
    let what = fields.choice("body", wire.body, body);
    let continuing_share = fields.ratio("continuing_share", &wire.continuing_share);
    Some(Restructuring {
        body: what?,
        continuing_share: continuing_share?,
    })
}

/// Writes the restructuring a document belongs to.
pub fn restructuring_to_wire(restructuring: Restructuring) -> pb::StampRestructuring {
    pb::StampRestructuring {
        body: body_to_wire(restructuring.body),
        continuing_share: restructuring.continuing_share.to_string(),
    }
}

//! The closed lists of 土地增值税 on the wire and in the domain.

use crate::pb;
use crate::tax::land_appreciation::{
    BaseMethod, ExpenseMode, IncomeKind, InvoiceKind, Occasion, PrepayClass, PropertyType,
    PropertyUse, RatioBand, Restructuring, SalesVat, VatMethod,
};

/// A closed list in both forms.
pub(super) trait Listed: Sized {
    /// The wire form.
    type Wire: TryFrom<i32> + Into<i32>;
    /// The domain value; nothing for the unspecified one.
    fn read(wire: Self::Wire) -> Option<Self>;
    /// The wire value.
    fn write(self) -> Self::Wire;
}

macro_rules! listed {
    ($domain:ident, $wire:ident: $($value:ident),+) => {
        impl Listed for $domain {
            type Wire = pb::$wire;

            fn read(wire: pb::$wire) -> Option<Self> {
                Some(match wire {
                    pb::$wire::Unspecified => return None,
                    $(pb::$wire::$value => Self::$value,)+
                })
            }

            fn write(self) -> pb::$wire {
                match self {
                    $(Self::$value => pb::$wire::$value,)+
                }
            }
        }
    };
}

listed!(PropertyType, LandAppreciationPropertyType: Ordinary, NonOrdinary, Other);
listed!(PrepayClass, LandAppreciationPrepayClass: Ordinary, NonOrdinary, Other, Villa, Affordable);
listed!(SalesVat, LandAppreciationSalesVat: General, Simple);
listed!(IncomeKind, LandAppreciationIncomeKind: Monetary, InKind, Deemed);
listed!(VatMethod, LandAppreciationVatMethod: Excluded, General, Simple, Stated);
listed!(ExpenseMode, LandAppreciationExpenseMode: InterestPlusFive, TenPercent);
listed!(PropertyUse, LandAppreciationPropertyUse: Housing, NonHousing);
listed!(InvoiceKind, LandAppreciationInvoiceKind: BusinessTax, OrdinaryVat, SpecialVat);
listed!(RatioBand, LandAppreciationRatioBand: UpTo50, UpTo100, UpTo200, Above200, LowPlotRatio);
listed!(BaseMethod, LandAppreciationBaseMethod: ReceiptMinusPrepaidVat, ReceiptDivOnePlusRate);
listed!(Restructuring, LandAppreciationRestructuring: Conversion, Merger, Division, AssetInjection);
listed!(
    Occasion, LandAppreciationOccasion: Expropriation, HomeSwap, CooperativeBuilding,
    ResettlementStock, PublicRentalStock, AffordableStock
);

//! The scale from which the annex and the province levy (livestock, hospitals).
//!
//! The annex levies above its scale (大于), a province from its scale on (达到, 实施条例 art. 4).

use super::annex::Entry;
use super::fields::method_fields;
use super::measure::Measured;
use super::outlet::OutletRecord;
use super::quantity::Quantity;
use crate::tax::{Applied, ChargeError, Context};
use crate::types::Exact;

/// The scales that hold for a row; none for most rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Scales {
    /// Of the annex: nothing is levied at or below it.
    pub annex: Option<Applied>,
    /// Of the province: nothing is levied below it.
    pub province: Option<Applied>,
}

impl Scales {
    /// The scales of a record; a province's from the pack, else as stated with its document.
    pub(super) fn of(
        ctx: &Context<'_>,
        record: &OutletRecord,
        entry: &Entry<'_>,
        path: &str,
    ) -> Result<Self, ChargeError> {
        let on = record.month.first_day();
        let stated = match &record.quantity {
            Quantity::Feature(it) => it.stated_scale.as_ref(),
            _ => None,
        };
        let field = format!("{path}.feature.stated_scale");
        if entry.scale_province.is_empty() && stated.is_some() {
            return Err(method_fields(
                field,
                "只有畜禽养殖可以填写省级规模标准",
                "only livestock has a scale of the province",
            )
            .into());
        }
        let annex = match entry.scale {
            "" => None,
            id => Some(ctx.number(id, on)?),
        };
        let province = match entry.scale_province {
            "" => None,
            id => match ctx.rate(id, on, stated, &format!("{field}.value")) {
                Ok(found) => Some(found),
                Err(ChargeError::Missing(_)) => None,
                Err(error) => return Err(error),
            },
        };
        Ok(Self { annex, province })
    }

    /// True where nothing is levied.
    pub(super) fn spare(&self, measured: &Measured) -> bool {
        let annex = self.annex.as_ref();
        let province = self.province.as_ref();
        annex.is_some_and(|scale| measured.scale <= Exact::from(scale.value))
            || province.is_some_and(|scale| measured.scale < Exact::from(scale.value))
    }
}

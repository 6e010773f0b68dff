//! Every rule of checking that a single source can meet: the shared ones here, each tax's own in
//! its module.

use super::finding::{Check, checks};
use super::{environmental, land_appreciation, land_use, real_estate, stamp, vehicle_vessel};

checks! {
    JURISDICTION_PARAMETER_MISSING: Error,
        "规则库中有该地区在该日适用的参数",
        "the rule pack has the parameter for the place on the day",
        "";
    RULE_PACK_MISMATCH: Error,
        "规则库参数的类型与用途相符",
        "a parameter of the rule pack has the kind its use needs",
        "";
    AMOUNT_TOO_LARGE: Error,
        "数值可精确计算",
        "the figures can be computed exactly",
        "";
    RATE_CONFLICT: Error,
        "列明的税额标准与规则库一致",
        "a stated rate agrees with the rule pack's",
        "";
    RATE_OUT_OF_RANGE: Error,
        "列明的税额标准在法定幅度内",
        "a stated rate lies in the statutory range",
        "";
    RELIEF_UNKNOWN: Error,
        "减免税项目存在",
        "the relief claimed exists",
        "";
    RELIEF_WRONG_TAX: Error,
        "减免税项目属于该税种",
        "the relief claimed belongs to the tax",
        "";
    RELIEF_WRONG_ITEM: Error,
        "减免税项目适用于该税目",
        "the relief claimed applies to the item",
        "";
    RELIEF_OUT_OF_DATE: Error,
        "减免税项目在有效期内",
        "the relief claimed is in force",
        "";
    RELIEF_INPUT: Error,
        "按核准减免的，填写核准的金额或比例",
        "a relief by approval states the approved amount or ratio, others state none",
        "";
}

/// The shared rules and those of the six taxes.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        ALL,
        real_estate::catalogue::ALL,
        land_use::catalogue::ALL,
        vehicle_vessel::catalogue::ALL,
        stamp::catalogue::ALL,
        land_appreciation::catalogue::ALL,
        environmental::catalogue::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

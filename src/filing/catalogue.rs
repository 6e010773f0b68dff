//! Every rule of checking there is: those over the whole form here, those of a single source in
//! `tax`. `docs/findings.md` is written from this list.

use crate::tax;
use crate::tax::Check;

tax::checks! {
    RULE_UNCONFIRMED: Warning,
        "适用的参数已经核实",
        "an applied value of law is confirmed",
        "";
    RATE_STATED: Warning,
        "适用的税额标准在规则库中",
        "an applied rate stands in the rule pack, not only on the source",
        "";
    DDL_UNKNOWN: Warning,
        "该年度节假日安排已公布",
        "a holiday calendar is published for the year of the due day",
        "税收征收管理法实施细则 第一百零九条";
    DUE_RULE_UNCONFIRMED: Warning,
        "该地的申报缴款期限规则已经核实",
        "the place's rule for the due day is confirmed",
        "";
    FREQUENCY_UNCONFIRMED: Warning,
        "该地的申报期限（按月、季、年）已经核实",
        "the place's filing frequency is confirmed",
        "";
    FORM_DUP: Error,
        "同一税源、税目、所属期只申报一次",
        "a source, item and period stand once",
        "";
    FORM_RELIEF_CAP: Error,
        "减免税额在零与应纳税额之间",
        "a relief lies between zero and the tax",
        "";
    X_TRANSFER_WITHOUT_STAMP: Warning,
        "有土地增值税转让行的，有产权转移书据印花税行",
        "a transfer that bears land appreciation tax has a stamp tax line for its document",
        "印花税法 附：印花税税目税率表";
    X_BUILDING_WITHOUT_PLOT: Hint,
        "有房产税行的，有城镇土地使用税行",
        "a building that bears real estate tax stands on a plot that bears land use tax",
        "城镇土地使用税暂行条例 第二条";
}

/// Every rule of checking, those of single sources first.
pub fn all() -> impl Iterator<Item = &'static Check> {
    tax::catalogue::all().chain(ALL.iter().copied())
}

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
    FORM_NO_SOURCE: Error,
        "勾选的税种有未申报的税源",
        "a tax that is ticked has a source not yet declared",
        "国家税务总局公告2021年第9号";
    FORM_ZERO: Warning,
        "零申报的税源在所属期内确无应税数据",
        "a source declared with zero tax has nothing taxed in the period",
        "税收征收管理法实施细则 第三十二条";
    X_HOUSE_PLOT: Warning,
        "房产所在土地编号在同一纳税人的土地税源中存在",
        "the plot a house names is a land use source of the same taxpayer",
        "财税〔2010〕121号 第三条；城镇土地使用税暂行条例 第二条";
    X_PLOT_AREA: Warning,
        "房产填写的宗地面积与土地税源的占用面积一致",
        "the plot area of a house is the area of the land use source",
        "财税〔2010〕121号 第三条";
    X_PLOT_COST: Warning,
        "计入房产原值的地价与土地税源的地价一致",
        "the land cost in a house's value is the price of the land use source",
        "财税〔2010〕121号 第三条";
    X_ACQUIRED_APART: Warning,
        "连同房屋购得的土地，与房产的取得时间相差不超过一个月",
        "a bought house and its land are acquired within a month of each other",
        "国税发〔2003〕89号 第二条";
    X_HOUSE_ENDED: Hint,
        "房产终止的，其土地税源已核对是否终止",
        "where a house ended, its land use source was looked at",
        "财税〔2008〕152号 第三条";
    X_SHARED_FLOOR: Warning,
        "共用宗地的自有建筑面积不少于本纳税人在该宗地上各房产面积之和",
        "the own floor of a shared plot is no less than that of the taxpayer's houses on it",
        "国税地字〔1988〕15号 第六条";
    X_BUILDING_WITHOUT_PLOT: Hint,
        "有房产税税源的，有城镇土地使用税税源",
        "a taxpayer with houses has a plot they stand on",
        "城镇土地使用税暂行条例 第二条";
    X_LEASE_WITHOUT_STAMP: Warning,
        "房屋租赁有相应的租赁合同印花税税源",
        "a lease of a house has a stamp tax source for its contract",
        "印花税法 附：印花税税目税率表（租赁合同）";
    X_LEASE_WITHOUT_RENT: Hint,
        "房屋产权人出租的合同有相应的从租税源",
        "a contract of lease by the owner of a house has a lease in a house source",
        "房产税暂行条例 第三条";
    X_LEASE_AMOUNT: Warning,
        "房产税的合同租金总收入与租赁合同的印花税计税金额一致",
        "the rent of a lease is the amount of its stamped contract",
        "印花税法 第五条；财税〔2016〕43号 第二条";
    X_RENT_AND_VALUE: Warning,
        "同一面积同一月份只从价或只从租计征",
        "the same floor in the same month is taxed on value or on rent, not on both",
        "房产税暂行条例 第三条";
    X_TRANSFER_WITHOUT_STAMP: Warning,
        "有土地增值税转让的，有产权转移书据印花税税源",
        "a transfer that bears land appreciation tax has a stamp tax source for its document",
        "印花税法 附：印花税税目税率表（产权转移书据）";
    X_TRANSFER_AMOUNT: Warning,
        "土地增值税的转让收入与产权转移书据的印花税计税金额一致",
        "the income of a transfer is the amount of its stamped document",
        "印花税法 第五条；财税〔2016〕43号 第三条";
    X_DEDUCTED_STAMP: Warning,
        "转让旧房扣除的印花税等于该合同减免后的印花税",
        "the stamp tax deducted for an old building is that of its contract after relief",
        "财税〔1995〕48号 第九条";
    X_STILL_HELD: Warning,
        "房地产转让后，其房产和土地税源已终止",
        "the house and the plot that were transferred have ended",
        "财税〔2008〕152号 第三条";
    X_STAMP_WITHOUT_LAT: Warning,
        "转让房地产的书据有相应的土地增值税税源",
        "a stamped transfer of real estate has a land appreciation tax source",
        "土地增值税暂行条例 第二条";
    X_GRANT_WITHOUT_PLOT: Hint,
        "受让的土地使用权有相应的城镇土地使用税税源",
        "land granted to the taxpayer becomes a land use source",
        "城镇土地使用税暂行条例 第二条；财税〔2006〕186号 第二条";
    X_EQUITY: Warning,
        "申报土地增值税的是房地产转让，不是股权转让",
        "what bears land appreciation tax is a transfer of real estate, not of equity",
        "土地增值税暂行条例 第二条";
    X_CONTRACT_TWICE: Warning,
        "同一合同只申报一次印花税",
        "one contract bears stamp tax once",
        "印花税法 第一条";
    SIX_UNCLAIMED: Hint,
        "依事实可以享受“六税两费”减免的月份已经享受",
        "the months in which the facts grant the 六税两费 relief are claimed",
        "国家税务总局公告2022年第3号 第一条";
    SIX_PERIOD: Warning,
        "享受“六税两费”减免的月份有事实依据",
        "the months in which the 六税两费 relief is taken are granted by the facts",
        "国家税务总局公告2022年第3号 第一条";
    APPROVAL_DOCUMENT: Warning,
        "须经核准的减免税载明核准文书",
        "a relief by approval names its approval document",
        "税收减免管理办法（国家税务总局公告2015年第43号） 第八条";
}

/// Every rule of checking, those of single sources first.
pub fn all() -> impl Iterator<Item = &'static Check> {
    tax::catalogue::all()
        .chain(ALL.iter().copied())
        .chain(super::case::ALL.iter().copied())
}

//! Every rule of checking of this tax (校验规则): id, severity, both languages, legal basis.

crate::tax::finding::checks! {
    RE_EMPTY: Error,
        "填写了房产原值或租赁信息",
        "the source states the figures of the house or its leases",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_OWNER_MISSING: Warning,
        "纳税人不是产权所有人的，填写所有权人识别号和名称",
        "a taxpayer that is not the owner names the owner",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_ROLE_EVENT: Warning,
        "融资租赁承租人与融资租赁取得方式一致",
        "the lessee of a finance lease acquired the house by one, and no other",
        "财税〔2009〕128号 第三条";
    RE_ROLE_ON_VALUE: Warning,
        "承典人、无租使用人和融资租赁承租人依照房产余值缴税",
        "pawnees, rent-free users and finance lessees are taxed on value",
        "财税〔2009〕128号 第一条至第三条";
    RE_SHARE: Error,
        "共有份额大于 0 且不大于 1",
        "a share in common ownership is above 0 and not above 1",
        "房产税暂行条例 第二条";
    RE_CO_OWNER: Hint,
        "共有房产按份额申报，租金为本人所得部分",
        "a co-owner files its share, with the rent it receives itself",
        "房产税暂行条例 第二条";
    RE_V1: Error,
        "金额不为负，面积大于 0，均不超过 13 位整数和 2 位小数",
        "amounts are not negative, areas above 0, with at most 13 + 2 digits",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V2: Warning,
        "有减免的填写减免性质代码（10 位）",
        "a relief has its official code of ten digits",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V3: Error,
        "容积率不超过 2 位整数和 2 位小数",
        "a plot ratio has at most 2 + 2 digits",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V4: Error,
        "房产编号与税源编号只填其一",
        "the number of the house or that of the source is stated, not both",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V4_NONE: Hint,
        "填写房产编号或税源编号",
        "the number of the house or that of the source is stated",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V5: Error,
        "出租面积、出租房产原值不大于建筑面积、房产原值",
        "a lease lets no more than the area and the value of the house",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V6: Error,
        "同一月份各租约出租面积（原值）之和不大于房产的面积（原值）",
        "the leases of a month together let no more than there is",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V7: Error,
        "申报租金收入大于 0 且合计不大于合同租金总收入",
        "the declared rents are above 0 and together not above the contract's rent",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V8: Error,
        "申报租金所属租赁期在合同租赁期和申报期之内",
        "a declared rental period lies inside the lease and inside the filing period",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V9: Error,
        "同一租约的申报租金所属租赁期不重叠",
        "the declared rental periods of a lease do not overlap",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V10: Error,
        "租赁变更时间在申报租赁期起月首日与止月上月末日之间",
        "a lease changes from the month its declared period starts to the month before it ends",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V11: Warning,
        "减免税房产原值之和不大于计税房产原值",
        "the reliefs of a month together cover no more than the house",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V12: Error,
        "减免有效期与税源有效期相交",
        "a relief is claimed for months in which the source is valid",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V13: Error,
        "变更时间不早于房产取得时间",
        "nothing changes before the house was acquired",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_V15: Hint,
        "单位出租住房适用优惠税率的，承租方为个人或专业化规模化住房租赁企业",
        "the dwelling rate of entities needs an individual or a scaled lessor as lessee",
        "财政部 税务总局 住房城乡建设部公告2021年第24号 第二条";
    RE_V17: Error,
        "同一房产、所属期、税目不重复申报",
        "a house, period and item is declared once",
        "税务总局公告2021年第9号";
    RE_TERMINATION: Hint,
        "纳税义务终止的，填写变更类型和变更时间",
        "a source that ended says when and why",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_UNIT_CODE: Warning,
        "不动产单元代码为 28 位字母和数字",
        "the unit code of the real estate has 28 letters and digits",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_X1: Hint,
        "填写房屋所在土地编号，以便与土地税源核对",
        "a house with a plot names the plot's number, to be compared with the land source",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_X2: Warning,
        "填写的容积率与面积计算的一致",
        "the stated plot ratio agrees with the areas",
        "财税〔2010〕121号 第三条";
    RE_PLOT_CONFLICT: Error,
        "同一宗地上各房产填写的宗地数据一致，建筑面积之和不大于总建筑面积",
        "the houses on a plot agree on its figures and fit in its building area",
        "财税〔2010〕121号 第三条";
    RE_PLOT_AREA: Error,
        "房屋建筑面积不大于宗地总建筑面积",
        "a house is no larger than all houses on its plot",
        "财税〔2010〕121号 第三条";
    RE_AREA_NEEDED: Error,
        "计算土地价值或按面积出租时填写建筑面积",
        "the land share and a lease by area have the building area",
        "财税〔2010〕121号 第三条";
    RE_VALUE_ZERO: Warning,
        "房屋原值大于 0；没有原值的由税务机关核定",
        "a house has a value; without one the bureau assesses it",
        "房产税暂行条例 第三条";
    RE_DEDUCTION_KIND: Error,
        "填写原值减除比例，而不是计税比例（1－减除比例）",
        "the deduction is stated, not the taxable ratio (1 − deduction)",
        "房产税暂行条例 第三条";
    RE_UNDERGROUND_RATIO: Warning,
        "应税原值比例只用于独立地下建筑",
        "a ratio of underground value is stated for a stand-alone underground building only",
        "财税〔2005〕181号 第二条";
    RE_UNDERGROUND_USE: Warning,
        "独立地下建筑的用途与房产用途一致",
        "the use of a stand-alone underground building agrees with that of the house",
        "财税〔2005〕181号 第二条";
    RE_VERSION_ORDER: Error,
        "首个版本不填变更时间，其后各版本按变更时间先后排列",
        "the first version is undated, later ones follow in order of their days",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_VERSION_AFTER_END: Warning,
        "原值变更不晚于纳税义务终止",
        "no value changes after the right has ended",
        "财税〔2008〕152号 第三条";
    RE_EARLY_USE: Error,
        "验收前使用日期只用于委托施工的房屋，且不晚于验收",
        "use before acceptance is stated for a contracted house, not after its acceptance",
        "(86)财税地字第8号 第十九条；国税发〔2003〕89号 第二条";
    RE_LEASED_TWICE: Error,
        "出租面积与出租房产原值只填其一",
        "a lease states the area let or the value let",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_LEASE_TWICE: Error,
        "同一合同编号的租约只填一次",
        "a contract number stands on one lease",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_CONTRACT_RENT: Hint,
        "填写合同租金总收入",
        "a lease states the rent of the whole contract",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_LEASE_START: Hint,
        "出租部分自起租后不再从价计征，租期届满的次月恢复",
        "what is let leaves the value side at the lease's start and returns after its end",
        "国税发〔2003〕89号 第二条；财税〔2010〕121号 第二条";
    RE_RENT_FREE: Error,
        "免租月份在租赁期内",
        "rent-free months lie inside the lease",
        "财税〔2010〕121号 第二条";
    RE_RENT_IN_FREE_MONTH: Error,
        "免租月份从价计征，不申报租金",
        "a rent-free month is taxed on value and has no rent",
        "财税〔2010〕121号 第二条";
    RE_RENT_FREE_NO_VALUE: Warning,
        "有免租月份的，填写房产原值，由产权所有人从价缴税",
        "a source with rent-free months states the value they are taxed on",
        "财税〔2010〕121号 第二条";
    RE_RENT_MISSING: Warning,
        "从价计征中扣除的出租月份申报了租金",
        "the months let are declared on rent",
        "房产税暂行条例 第三条";
    RE_RENT_BEFORE_START: Warning,
        "租金属于取得房产之后",
        "rents are for the time after the house was acquired",
        "房产税暂行条例 第二条";
    RE_RENT_AFTER_END: Warning,
        "租金属于纳税义务终止之前",
        "rents are for the time before the right ended",
        "财税〔2008〕152号 第三条";
    RE_DOUBLE_BASE: Error,
        "同一面积同一月份不同时从价和从租计征",
        "the same square metres are not taxed on value and on rent in one month",
        "房产税暂行条例 第三条";
    RE_HOUSING_USE: Warning,
        "出租住房的，房产用途为住房",
        "a dwelling that is let is used as one",
        "财政部 税务总局 住房城乡建设部公告2021年第24号";
    RE_RELIEF_RESERVED: Error,
        "由其他栏次产生的减免不直接申报",
        "a relief that other fields bring about is not claimed by itself",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_RELIEF_UNUSED: Warning,
        "从价减免、困难减免和已缴税额填写在有房产原值的税源上",
        "reliefs and payments on value stand on a source that has a value",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_RELIEF_MONTHS: Warning,
        "减免起止为整月",
        "a relief is claimed for whole months",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_RELIEF_AMOUNT: Error,
        "原值或税率在期内变动的，减免按比例填写",
        "where figures or rates change within the period, a relief is stated by ratio",
        "房产税暂行条例 第六条";
    RE_RELIEF_AMOUNT_PERIOD: Warning,
        "按金额填写的减免，其起止在一个申报期内",
        "a relief by amount is claimed for months of one filing period",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_HARDSHIP_INPUT: Error,
        "困难减免填写核准的比例（0 至 1）或金额（不为负）之一",
        "a hardship relief has either the approved ratio (0 to 1) or the amount (not negative)",
        "房产税暂行条例 第六条";
    RE_HARDSHIP_DOCUMENT: Error,
        "困难减免填写核准文书号",
        "a hardship relief names its approval",
        "房产税暂行条例 第六条";
    RE_HARDSHIP_ORDER: Warning,
        "困难减免与“六税两费”的先后已经核实",
        "the order of hardship and the six-taxes relief is confirmed for the place",
        "房产税暂行条例 第六条";
    RE_PAID_PERIOD: Error,
        "已缴税额的所属期在一个申报期内",
        "a payment is for one filing period",
        "税务总局公告2021年第9号";
    RE_FREQUENCY: Error,
        "申报期限为按月、季、半年、年，从租另可按次",
        "the filing frequency is one of periods; rent may also be filed as it occurs",
        "房产税暂行条例 第七条";
    RE_RENT_FREQUENCY: Warning,
        "从租计征的申报期限已经核实",
        "the filing frequency of rent is confirmed for the place",
        "房产税暂行条例 第七条";
    RE_RADAR_PERSONAL_HOME: Hint,
        "个人所有非营业用的住房申报免税",
        "an individual's non-business dwelling is claimed as exempt",
        "房产税暂行条例 第五条第（四）项";
    RE_RADAR_PUBLIC_BODY: Hint,
        "国家机关、人民团体、拨付事业经费单位自用的房产申报免税",
        "an own-use house of a state organ or a budget-funded unit is claimed as exempt",
        "房产税暂行条例 第五条第（一）（二）项";
    RE_RADAR_HOUSING_LEASE: Hint,
        "符合条件的出租住房按优惠税率申报",
        "a qualifying lease of a dwelling is declared at the dwelling rate",
        "财税〔2008〕24号 第二条；财政部 税务总局 住房城乡建设部公告2021年第24号 第二条";
    RE_RADAR_HOUSING_CLAIM: Warning,
        "按住房优惠税率申报的是住房",
        "what is declared at the dwelling rate is a dwelling",
        "财税〔2008〕24号 第二条；财政部 税务总局 住房城乡建设部公告2021年第24号 第二条";
    RE_RADAR_UNDERGROUND: Hint,
        "独立地下建筑按比例折算应税原值",
        "a stand-alone underground building is taxed on a ratio of its value",
        "财税〔2005〕181号 第二条";
    RE_RADAR_NAME: Hint,
        "房产名称提示的减免已申报",
        "a relief that the house's name suggests is claimed",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_RADAR_KIND: Warning,
        "减免的纳税人类型相符",
        "the taxpayer is of the kind that the relief is for",
        "房产税暂行条例 第五条";
    RE_RADAR_USE: Warning,
        "减免的房产用途相符",
        "the house has the use that the relief is for",
        "房产税暂行条例 第五条";
    RE_RADAR_MAJOR_REPAIR: Warning,
        "大修停用超过半年",
        "a house relieved for repair is closed for more than six months",
        "(86)财税地字第8号 第二十四条";
    RE_RADAR_IN_USE: Warning,
        "按停用免税的月份没有出租",
        "a house relieved as out of use is not let in those months",
        "(86)财税地字第8号 第十六条、第二十四条";
    RE_RADAR_HEATING_REGION: Warning,
        "供热减免的厂房在“三北”地区",
        "plant relieved for heating lies in the north",
        "财税〔2019〕38号；公告2023年第56号";
    RE_RADAR_SHARE: Hint,
        "按比例享受的减免填写了份额",
        "a relief by share states the share",
        "税务总局公告2021年第9号 房产税税源明细表";
    RE_RADAR_SIX_TAXES: Hint,
        "自然人和个体工商户填写“六税两费”适用月份",
        "individuals state the months in which the six-taxes relief applies",
        "公告2023年第12号 第二条";
}

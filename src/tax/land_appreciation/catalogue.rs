//! Every rule of checking of this tax (校验规则): id, severity, both languages, legal basis.

crate::tax::finding::checks! {
    LAT_E1: Error,
        "收入逐项填写、不为负数，增值税与计税方式相符",
        "income is given in parts, none negative, with the VAT its method has",
        "土地增值税暂行条例第五条";
    LAT_E2: Error,
        "预征按当地的计税依据计算，且项目尚未受理清算",
        "a prepayment is made on the place's base, while the project is not yet in settlement",
        "国税发〔2006〕187号第八条";
    LAT_E3: Error,
        "加计扣除只适用于房地产开发企业的新建房，以及生地变熟地的开发成本",
        "the additional deduction is for developers' new buildings, and for improving land",
        "实施细则第七条第六项，国税函发〔1995〕110号第六条";
    LAT_E4: Error,
        "同一清算单位只用一种开发费用扣除方式",
        "a unit deducts development expense in one way only",
        "实施细则第七条第三项，国税函〔2010〕220号第三条";
    LAT_E5: Error,
        "房地产开发费用扣除比例不超过当地规定",
        "the share of development expense is within the place's cap",
        "实施细则第七条第三项";
    LAT_E6: Error,
        "普通标准住宅免税：类型、单独核算、增值率不超过20%",
        "the exemption of ordinary housing has its type, its separate accounts and its ratio",
        "土地增值税暂行条例第八条第一项，财税字〔1995〕48号第十三条";
    LAT_E7: Error,
        "已售、自用出租与剩余面积之和等于可售面积",
        "sold, self-used and remaining area add up to the saleable area",
        "国税发〔2009〕91号";
    LAT_E8: Error,
        "抵减的预缴税款不超过该清算单位已缴的预征税款",
        "the prepayments credited are no more than those of the unit",
        "实施细则第十六条";
    LAT_E9: Error,
        "加计年数按购房发票至售房发票的期间计算",
        "the years of the uplift run from the purchase invoice to the sale invoice",
        "财税〔2006〕21号第二条，国税函〔2010〕220号第七条";
    LAT_E10: Error,
        "成新度折扣率大于0且不超过1",
        "the newness is above zero and at most one",
        "实施细则第七条第四项";
    LAT_E11: Error,
        "减免税项目与转让的事实相符",
        "the relief claimed fits the facts of the transfer",
        "土地增值税暂行条例第八条";
    LAT_E12: Error,
        "改制重组各方均不是房地产开发企业",
        "no party of the restructuring is a developer",
        "财政部 税务总局公告2023年第51号第五条";
    LAT_E13: Error,
        "个人销售住房免税只用于个人的住房",
        "the exemption of an individual's housing is for individuals and housing",
        "财税〔2008〕137号第三条";
    LAT_E14: Error,
        "土地增值税不享受“六税两费”减半",
        "the half of the six taxes is not claimed for this tax",
        "财政部 税务总局公告2023年第12号第二条";
    LAT_E15: Error,
        "尾盘申报以清算结论的扣除项目和面积为依据",
        "a tail sale rests on the deductions and the area the settlement concluded",
        "国税发〔2006〕187号第八条";
    LAT_E16: Error,
        "合计栏等于各房地产类型之和",
        "the total column is the sum of the types of real estate",
        "国家税务总局公告2021年第9号附件";
    LAT_E17: Error,
        "每种房地产类型只填写一次",
        "a type of real estate stands once",
        "财税〔2006〕21号第一条";
    LAT_E18: Error,
        "房地产开发企业的印花税不在税金中扣除",
        "a developer's stamp tax is not among its taxes",
        "财税字〔1995〕48号第九条";
    LAT_E19: Error,
        "同一月份、类型和子目只填写一行",
        "a month, type and sub-type stand once",
        "";
    LAT_E20: Error,
        "分摊共同成本的各类型填写面积",
        "the types that share common costs state their areas",
        "国税发〔2006〕187号第四条第五项";
    LAT_E21: Error,
        "旧房的成本按评估价格或购房发票之一计算",
        "an old building's cost is proven by an appraisal or by an invoice, not by both",
        "财税〔2006〕21号第二条";
    LAT_E22: Error,
        "预征、清算和尾盘由房地产开发企业申报",
        "prepayment, settlement and tail sales are filed by developers",
        "实施细则第十六条，国税发〔2006〕187号第一条";
    LAT_E23: Error,
        "尾盘销售面积大于零",
        "the area of a tail sale is above zero",
        "国税发〔2006〕187号第八条";
    LAT_E24: Error,
        "营业税发票没有另列的增值税",
        "an invoice of business tax has no VAT apart",
        "国家税务总局公告2016年第70号第六条";
    LAT_E25: Error,
        "营改增前的收入不含增值税",
        "income from before the VAT reform has no VAT in it",
        "财税〔2016〕43号第三条";
    LAT_W1: Warning,
        "转让收入不低于评估（核定）价格",
        "the income is not below the assessed price",
        "土地增值税暂行条例第九条";
    LAT_W2: Warning,
        "预征率不低于国家规定的下限",
        "the prepayment rate is not below the national floor",
        "国税发〔2010〕53号第二条";
    LAT_W3: Warning,
        "增值率不在免税界限附近",
        "the ratio is not close to the edge of the exemption",
        "土地增值税暂行条例第八条第一项";
    LAT_W4: Warning,
        "达到清算条件的项目申报清算",
        "a project that meets a condition for settlement is settled",
        "国税发〔2006〕187号第二条";
    LAT_W5: Warning,
        "开发成本有合法有效凭证",
        "development cost has valid invoices",
        "国税发〔2006〕187号第四条第一项，国税函〔2010〕220号第二条";
    LAT_W6: Warning,
        "利息不超过商业银行同类同期贷款利率",
        "interest is within the commercial bank rate",
        "实施细则第七条第三项";
    LAT_W7: Warning,
        "房地产类型符合当地的划分",
        "the types of real estate are those of the place's scheme",
        "由省级税务机关规定";
    LAT_W8: Warning,
        "核定征收率不低于原则上的下限",
        "the assessed rate is not below the floor",
        "国税发〔2010〕53号第四条";
    LAT_W9: Warning,
        "转让土地的，填写取得土地使用权所支付的金额",
        "a transfer of land states what was paid for it",
        "土地增值税暂行条例第六条第一项";
    LAT_W10: Warning,
        "适用的口径已经核实",
        "the practice applied is confirmed",
        "";
    LAT_W11: Warning,
        "按普通住宅申报的符合普通标准住宅的标准",
        "what is filed as ordinary housing meets the standard of ordinary housing",
        "国办发〔2005〕26号，财税〔2006〕141号";
    LAT_W12: Warning,
        "已缴的预征税款全部抵减",
        "all prepayments recorded are credited",
        "实施细则第十六条";
    LAT_X1: Hint,
        "转让合同同时申报印花税",
        "the contract is filed for stamp tax too",
        "印花税法第一条";
    LAT_X2: Hint,
        "受让方就同一合同申报契税",
        "the transferee files deed tax on the same contract",
        "契税法第一条";
    LAT_X3: Hint,
        "收入与附加税费和增值税申报一致",
        "income and surcharges agree with the VAT return",
        "国家税务总局公告2016年第70号第一条、第三条";
    LAT_X4: Hint,
        "转让后终止城镇土地使用税、房产税税源",
        "land use tax and real estate tax end with the transfer",
        "财税〔2008〕152号第三条";
    LAT_X5: Warning,
        "转让旧房的税金包括本次申报的印花税",
        "the taxes of an old building's transfer have the stamp tax of the same filing",
        "财税字〔1995〕48号第九条";
    LAT_X6: Warning,
        "扣除的印花税等于按合同价款计算并减免后的印花税",
        "the stamp tax deducted is what stamp law gives on the price after its reliefs",
        "财税字〔1995〕48号第九条，印花税法第五条";
    LAT_X7: Warning,
        "简易计税的，城建税和附加等于增值税乘以税率、征收率",
        "under the simple method construction tax and surcharges are the VAT by their rates",
        "城市维护建设税法第四条，国家税务总局公告2016年第70号第三条";
    LAT_RADAR_ORDINARY_20: Hint,
        "单独核算的普通标准住宅增值率未超过20%免税",
        "ordinary housing within 20% is exempt once it is accounted for apart",
        "土地增值税暂行条例第八条第一项，财税字〔1995〕48号第十三条";
    LAT_RADAR_ORDINARY_TYPE: Hint,
        "符合普通标准住宅标准且增值率未超过20%的免税",
        "housing that meets the ordinary standard is exempt within 20%",
        "土地增值税暂行条例第八条第一项，财税〔2006〕141号";
    LAT_RADAR_INDIVIDUAL_HOUSING: Hint,
        "个人销售住房免税",
        "housing sold by an individual is exempt",
        "财税〔2008〕137号第三条";
    LAT_RADAR_RESTRUCTURING: Hint,
        "改制重组中以房地产作价入股暂不征税",
        "an injection of real estate for shares in a restructuring is not taxed for now",
        "财政部 税务总局公告2023年第51号第四条";
    LAT_RADAR_EXPROPRIATION: Hint,
        "因国家建设征收、收回或城市规划搬迁免税",
        "expropriation, taking back and relocation by the city plan are exempt",
        "土地增值税暂行条例第八条第二项，财税〔2006〕21号第四条";
    LAT_RADAR_COOP_BUILDING: Hint,
        "合作建房按比例分房自用暂免",
        "the own-used part of a cooperative building is exempt for now",
        "财税字〔1995〕48号第二条";
    LAT_RADAR_STOCK: Hint,
        "旧房作为保障性住房等房源且增值率未超过20%免税",
        "old houses sold as public housing stock within 20% are exempt",
        "财税〔2013〕101号第二条，财政部 税务总局 住房城乡建设部公告2023年第70号";
    LAT_RADAR_UNFIT: Warning,
        "享受的减免符合条件",
        "a relief claimed has its condition",
        "土地增值税暂行条例第八条";
}

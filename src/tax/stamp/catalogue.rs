//! Every rule of checking of this tax (校验规则): id, severity, both languages, legal basis.
//!
//! Rules that rest on another document under the 1988 regulations say so at the place of use.

crate::tax::finding::checks! {
    ST_E01: Error,
        "税目在书立日期适用",
        "the item exists on the signing day",
        "印花税法 第二十条；印花税暂行条例 税目税率表";
    ST_E02: Error,
        "填写的税率与税目税率表一致",
        "the rate on the form is the table's",
        "印花税法 第四条、税目税率表";
    ST_E03: Error,
        "金额不为负数，单独列明的增值税和扣除项目不大于凭证金额",
        "amounts are not negative, and no more comes off an amount than there is",
        "印花税法 第五条";
    ST_E05: Error,
        "减免税项目适用于该税目和书立日期，按批准减免的填写金额或比例",
        "a relief is for the item and the signing day, and by approval states what is approved",
        "印花税税源明细表 第 16、17 栏";
    ST_E06: Error,
        "按次申报的税款所属期为书立、结算或变更当日",
        "filed by the occurrence, the tax period is the day of signing, settlement or change",
        "税务总局公告2022年第14号 第一条；印花税税源明细表 第 8、9 栏";
    ST_E07: Error,
        "按期申报的税款所属期为核定的整季或整年，并包含书立、结算或变更日期",
        "filed periodically, the tax period is the whole quarter or year of what arose in it",
        "税务总局公告2022年第14号 第一条；印花税税源明细表 第 8、9 栏";
    ST_E08: Error,
        "结算和变更日期不早于书立日期",
        "settlements and changes come after the signing",
        "税务总局公告2022年第14号 第一条";
    ST_E09: Error,
        "书立时已按所载金额计税的凭证不再按结算金额计税",
        "a document taxed on its stated amount is not taxed again when settled",
        "印花税法 第六条；财政部 税务总局公告2022年第22号 第三条第（二）项";
    ST_E10: Error,
        "证券交易不在合并申报中申报",
        "securities trades are not filed on this return",
        "印花税法 第十四条；税务总局公告2022年第14号";
    ST_E11: Error,
        "权利许可证照和其他营业账簿只在条例施行期间征税",
        "licences and other books are taxed under the regulations only",
        "印花税法 税目税率表";
    ST_E12: Error,
        "“六税两费”减征须有适用主体、在有效期内，且不适用于证券交易",
        "the six-taxes relief has a subject and is in force, and is not for securities",
        "财政部 税务总局公告2023年第12号 第二条";
    ST_E13: Error,
        "营业账簿填写资本金额和已计税的最高金额",
        "books state their capital and the largest sum ever taxed",
        "印花税法 第五条第（三）项、第十一条";
    ST_E14: Error,
        "同一凭证、税目和日期只填报一次",
        "a document, item and day is declared once",
        "印花税税源明细表 填表说明";
    ST_E15: Error,
        "应退税额有原缴款凭证或申报表",
        "a refund is shown to have been paid",
        "财政部 税务总局公告2022年第22号 第三条第（二）（三）项";
    ST_E16: Error,
        "书立人是印花税纳税人",
        "the party is a taxpayer of the document",
        "财政部 税务总局公告2022年第22号 第一条";
    ST_E18: Error,
        "填写的项目互不矛盾",
        "what is stated does not contradict itself",
        "印花税税源明细表 填表说明";
    ST_E19: Error,
        "核定征收只用于条例施行期间书立的凭证",
        "assessed levy is for documents of the regulations only",
        "税务总局公告2022年第14号（废止公告2016年第77号）";
    ST_E20: Error,
        "扣除项目属于该税目",
        "what is left out of an amount belongs to the item",
        "印花税法 税目税率表；财政部 税务总局公告2022年第22号 第三条";
    ST_E21: Error,
        "金额变更只用于书立时列明人民币金额的凭证",
        "only an amount stated in yuan at signing can be changed",
        "财政部 税务总局公告2022年第22号 第三条第（二）项";
    ST_E22: Error,
        "不属于征收范围的理由与税目相符",
        "the reason why a document is out of scope fits its items",
        "财政部 税务总局公告2022年第22号 第二条第（四）项";
    ST_E23: Error,
        "不动产产权转移书据在不动产所在地申报",
        "documents that transfer real property are filed where it lies",
        "印花税法 第十三条";
    ST_E24: Error,
        "改制重组后原投资主体所占比例超过规定标准",
        "in a restructuring the former investors keep more than the share the law asks",
        "财政部 税务总局公告2024年第14号";
    ST_W01: Warning,
        "应纳税额舍入后不为零",
        "the tax does not round to nothing",
        "印花税法 第八条";
    ST_W02: Warning,
        "单份凭证填写对方书立人",
        "a single document names its counterparty",
        "印花税税源明细表 第 18 至 20 栏";
    ST_W03: Warning,
        "增值税以金额单独列明才可扣除",
        "VAT comes off only where its amount is stated apart",
        "印花税法 第五条";
    ST_W04: Warning,
        "借款合同的出借人是银行业或其他金融机构",
        "the lender of a loan is a licensed financial institution",
        "印花税法 税目税率表（借款合同）";
    ST_W05: Warning,
        "买卖合同不是个人书立的动产买卖合同",
        "a sale of movables is not signed by an individual",
        "印花税法 税目税率表（买卖合同）";
    ST_W06: Warning,
        "享受住房买卖免税的是个人",
        "the housing exemption is claimed by the individual",
        "财税〔2008〕137号 第二条；公告2022年第22号 第四条第（一）项";
    ST_W07: Warning,
        "借款合同不是金融机构间的同业拆借",
        "a loan is not one between financial institutions",
        "印花税法 税目税率表（借款合同）";
    ST_W08: Warning,
        "减免税额不大于应纳税额，大于的减至应纳税额",
        "a relief is not above the tax; what is above is cut",
        "印花税税源明细表 第 15、17 栏";
    ST_W09: Warning,
        "金额减少的变更填写的已缴税额与此前应缴税额一致",
        "the tax stated as paid on a decrease is what was due before it",
        "财政部 税务总局公告2022年第22号 第三条第（二）项";
    ST_W10: Warning,
        "同一凭证中没有重复的行",
        "no two lines of a document are alike",
        "印花税税源明细表 填表说明";
    ST_H01: Hint,
        "未履行合同的印花税不退还、不抵缴",
        "tax on a contract that was not performed is not refunded",
        "财政部 税务总局公告2022年第22号 第三条第（七）项";
    ST_H02: Hint,
        "境外书立的凭证在境内使用才征税",
        "a document signed abroad is taxed when used in China",
        "财政部 税务总局公告2022年第22号 第二条第（一）项";
    ST_H03: Hint,
        "不属于征收范围的凭证不计税",
        "a document out of scope is not taxed",
        "财政部 税务总局公告2022年第22号 第二条第（四）项";
    ST_H04: Hint,
        "不同税目的金额分别列明",
        "amounts of different items are stated apart",
        "印花税法 第九条";
    ST_H05: Hint,
        "当地规定按次申报的税目按次申报",
        "an item that its place has filed by the occurrence is filed so",
        "税务总局公告2022年第14号 第一条";
    ST_X01: Hint,
        "转让房地产的申报土地增值税",
        "the transferor of real property files land appreciation tax",
        "土地增值税暂行条例 第二条；财税字〔1995〕48号 第九条";
    ST_X02: Hint,
        "承受房地产的申报契税",
        "the transferee of real property files deed tax",
        "契税法 第一条、第四条";
    ST_X03: Hint,
        "受让土地使用权的申报契税、城镇土地使用税和耕地占用税",
        "the grantee of land files deed tax, land use tax and farmland occupation tax",
        "契税法 第一条；城镇土地使用税暂行条例 第九条";
    ST_X04: Hint,
        "出租房屋的租金与房产税一致",
        "the rent of a house agrees with its real estate tax",
        "房产税暂行条例 第三条";
    ST_X05: Hint,
        "转让旧房的印花税先于土地增值税计算并扣除",
        "stamp tax on an old building is computed before land appreciation tax and deducted there",
        "财税字〔1995〕48号 第九条、第十条";
    ST_X06: Hint,
        "股权转让不是以股权名义转让房地产",
        "a transfer of shares is not one of real estate in truth",
        "国税函〔2000〕687号";
    ST_RADAR_CAPITAL_BOOK_HALF: Hint,
        "资金账簿享受减半征收",
        "a capital book claims its half",
        "财税〔2018〕50号";
    ST_RADAR_OTHER_BOOKS_EXEMPT: Hint,
        "其他营业账簿享受免税",
        "other books claim their exemption",
        "财税〔2018〕50号";
    ST_RADAR_HOUSING_LEASE: Hint,
        "个人租赁住房享受免税",
        "individuals' housing leases claim their exemption",
        "财税〔2008〕24号 第二条";
    ST_RADAR_HOUSING_SALE: Hint,
        "个人买卖住房享受免税",
        "individuals who buy or sell housing claim their exemption",
        "财税〔2008〕137号 第二条";
    ST_RADAR_SMALL_MICRO_LOAN: Hint,
        "金融机构与小微企业的借款合同享受免税",
        "loans of financial institutions to small and micro enterprises claim their exemption",
        "财税〔2017〕77号；财政部 税务总局公告2023年第13号";
    ST_RADAR_SOFT_LOAN: Hint,
        "无息、贴息借款合同享受免税",
        "interest-free and subsidised loans claim their exemption",
        "印花税法 第十二条第（五）项；印花税暂行条例施行细则 第十三条";
    ST_RADAR_GIFT: Hint,
        "赠与政府、学校、社会福利机构、慈善组织的书据享受免税",
        "gifts to government, schools, welfare bodies and charities claim their exemption",
        "印花税法 第十二条第（六）项；印花税暂行条例 第四条";
    ST_RADAR_FARM: Hint,
        "农业生产资料、农产品买卖和农业保险合同享受免税",
        "contracts of farm inputs, produce and agricultural insurance claim their exemption",
        "印花税法 第十二条第（四）项；印花税暂行条例施行细则 第十三条";
    ST_RADAR_HOSPITAL: Hint,
        "非营利性医疗卫生机构采购药品和卫生材料享受免税",
        "drug and supplies purchases of non-profit hospitals claim their exemption",
        "印花税法 第十二条第（七）项";
    ST_RADAR_RESTRUCTURING: Hint,
        "符合条件的改制重组凭证享受免税",
        "documents of a restructuring that meets the conditions claim their exemption",
        "财政部 税务总局公告2024年第14号";
    ST_RADAR_HOUSING_UNDUE: Warning,
        "住房免税的凭证以住房为标的并有个人参与",
        "a housing exemption is for housing and an individual",
        "财税〔2008〕24号 第二条；财税〔2008〕137号 第二条";
    ST_RADAR_SMALL_MICRO_LOAN_UNDUE: Warning,
        "小微企业借款免税的出借人是金融机构，借款人是小微企业",
        "the exempt loan is one of a financial institution to a small or micro enterprise",
        "财税〔2017〕77号；财政部 税务总局公告2023年第13号";
    ST_RADAR_GIFT_UNDUE: Warning,
        "赠与免税的受赠人是政府、学校、社会福利机构或慈善组织",
        "an exempt gift is one to government, a school, a welfare body or a charity",
        "印花税法 第十二条第（六）项；印花税暂行条例 第四条";
    ST_RADAR_HOSPITAL_UNDUE: Warning,
        "采购药品和卫生材料免税的采购方是非营利性医疗卫生机构",
        "the exempt purchase is one of a non-profit hospital",
        "印花税法 第十二条第（七）项";
    ST_RADAR_RESTRUCTURING_UNDUE: Warning,
        "改制重组免税的凭证写明改制情况",
        "an exempt document of a restructuring says what is restructured",
        "财政部 税务总局公告2024年第14号";
}

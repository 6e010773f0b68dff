//! Every rule of checking of this tax (校验规则): id, severity, both languages, legal basis.

crate::tax::finding::checks! {
    VV_PERIOD: Error,
        "车船税按公历年度申报",
        "the tax is charged by calendar year",
        "车船税法实施条例 第二十三条";
    VV_V1: Error,
        "车辆识别代码为 17 位大写字母或数字，不含 I、O、Q",
        "a VIN has 17 capitals or digits without I, O and Q",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_V1_CHECK: Warning,
        "车辆识别代码的校验位相符",
        "the check character of the VIN agrees",
        "GB 16735";
    VV_V2: Warning,
        "号牌号码符合常用格式",
        "the plate has a usual form",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_V3: Error,
        "船舶识别号为 13 位大写字母或数字",
        "a vessel number has 13 capitals or digits",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_V4: Error,
        "计税数量和分档依据已填写且大于零",
        "the quantity and the size that decide the class are given and above zero",
        "车船税法 附表《车船税税目税额表》";
    VV_V4_MASS: Warning,
        "整备质量在常见范围内（单位为吨）",
        "the curb mass is plausible in tonnes",
        "税务总局公告2013年第42号 第三条";
    VV_V5: Hint,
        "减免性质代码已核实",
        "the official code of the relief is confirmed",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_V6: Error,
        "申报税目与车船资料所属税目一致",
        "the declared item is the one the facts give",
        "车船税法 附表《车船税税目税额表》";
    VV_V6_SEATS: Error,
        "核定载客人数与车辆种类（乘用车、客车）相符",
        "the seats fit the kind (passenger car or bus)",
        "车船税法 附表《车船税税目税额表》";
    VV_V7: Warning,
        "列明的单位税额在法定幅度内",
        "a stated unit amount lies in the statutory range",
        "车船税法 第二条、附表《车船税税目税额表》";
    VV_V8: Error,
        "同一车船、同一号牌在一个年度内只申报一次",
        "a vehicle, vessel or plate is declared once in a year",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_V9: Error,
        "取得之后的事项和变更不早于取得日期",
        "events and changes are not before the acquisition",
        "车船税法实施条例 第十九条、第二十条";
    VV_V9_ORDER: Error,
        "事项先后不矛盾（失而复得在被盗抢之后，报废、灭失、退货、转让之后不再有事项）",
        "the order of events holds: a recovery follows a theft, nothing follows an end",
        "车船税法实施条例 第十九条、第二十条";
    VV_V10: Warning,
        "核准的减免税额不大于应纳税额",
        "an approved relief is not above the tax",
        "车船税法 第四条、第五条";
    VV_V11: Warning,
        "已缴税款不大于应缴税款",
        "what was paid is not above what is due",
        "车船税法 第六条; 税务总局公告2021年第9号";
    VV_V13: Error,
        "已缴、代收、已退税款有完税凭证号",
        "an amount paid, withheld or refunded has its certificate number",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_X1: Warning,
        "本年度新购车辆有车辆购置税完税记录",
        "a vehicle bought in the year has a vehicle purchase tax record",
        "车辆购置税法 第十三条";
    VV_X2: Error,
        "纯电动、燃料电池乘用车不属于征税范围",
        "battery-electric and fuel-cell passenger cars are outside the tax",
        "财税〔2018〕74号 第二条";
    VV_X3: Error,
        "纳税义务自购车发票所载月份起，不晚于发票月份",
        "the tax starts no later than the month of the vehicle invoice",
        "车船税法 第八条; 车船税法实施条例 第二十一条";
    VV_X4: Warning,
        "已投保交强险的车辆有代收记录，或确认未代收",
        "an insured vehicle has a withheld record, or the insurer has not collected",
        "车船税法 第六条; 车船税法实施条例 第十五条";
    VV_X5: Warning,
        "已转让的车船不再列入税源",
        "a vehicle sold in an earlier year is no longer listed",
        "车船税法实施条例 第二十条";
    VV_FOREIGN: Error,
        "临时入境的境外车船和租入的外籍船舶不属于征税范围",
        "foreign vehicles and vessels temporarily in China and leased foreign-flag ships are \
         outside the tax",
        "车船税法实施条例 第二十四条; 税务总局公告2013年第42号 第七条";
    VV_COUNT_IDENTITY: Error,
        "填写号牌或识别号的税源只有一辆（艘）",
        "a source with a plate, VIN or vessel number is one vehicle or vessel",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_IDENTITY_KIND: Error,
        "车辆填写车辆识别代码，船舶填写船舶识别号",
        "a vehicle has a VIN, a vessel a vessel number",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_IDENTITY_MISSING: Hint,
        "已填写车辆识别代码或船舶识别号",
        "the VIN or vessel number is given",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_EVENT_DOCUMENT: Warning,
        "被盗抢、失而复得、报废、灭失、退货有证明文件",
        "a theft, recovery, scrapping, loss or return has its certificate",
        "车船税法实施条例 第十九条";
    VV_TRANSFER_UNPAID: Warning,
        "转让的车船本年度税款已缴纳",
        "the year's tax of a vehicle that is sold was paid",
        "车船税法实施条例 第二十条";
    VV_REFUND: Hint,
        "因被盗抢、报废、灭失、退货应退的税款已列出",
        "the refund after a theft, scrapping, loss or return is stated",
        "车船税法实施条例 第十九条; 税务总局公告2013年第42号 第四条";
    VV_REFUND_ABOVE_PAID: Error,
        "已退税款不大于已缴税款",
        "no more was refunded than paid",
        "车船税法实施条例 第十九条";
    VV_RELIEF_STACKING: Error,
        "同一车船只享受一项减免",
        "a vehicle takes one relief only",
        "财税〔2018〕74号; 车船税法 第三条至第五条";
    VV_RELIEF_ENERGY: Error,
        "燃料种类符合减免税项目的条件",
        "the energy meets the condition of the relief",
        "财税〔2018〕74号 第一条、第二条";
    VV_RELIEF_ENERGY_UNSAID: Hint,
        "享受节能、新能源减免的，填写燃料种类",
        "the energy is given where a relief rests on it",
        "财税〔2018〕74号 第一条、第二条";
    VV_RELIEF_KIND: Error,
        "车船种类符合减免税项目的条件",
        "the kind meets the condition of the relief",
        "车船税法 第四条、第五条; 财税〔2018〕74号 第二条";
    VV_RELIEF_DOCUMENT: Hint,
        "减免依据已填写",
        "the ground of the relief is given",
        "税务总局公告2021年第9号 附件《车船税税源明细表》";
    VV_WITHHELD_VESSEL: Error,
        "保险机构不代收船舶的税款",
        "insurers do not collect the tax of vessels",
        "车船税法 第六条";
    VV_WITHHELD_POLICY: Hint,
        "代收税款的车辆有交强险保单号",
        "a vehicle whose insurer collected has the number of its compulsory policy",
        "车船税法 第六条; 车船税法实施条例 第十五条";
    VV_WITHHELD_OMITTED: Hint,
        "保险机构已代收全部税款的车辆不列入申报表",
        "a vehicle whose insurer withheld all that is due is left out of the return",
        "车船税法 第六条; 车船税法实施条例 第十五条";
    VV_WITHHELD_DIFFERS: Warning,
        "保险机构代收的税款等于应缴税款",
        "the insurer withheld what is due",
        "车船税法 第六条; 车船税法实施条例 第十五条";
    VV_LATE_FEE: Warning,
        "随欠税代收的滞纳金按日万分之五计算相符",
        "the late fee collected with arrears is the daily rate by the days",
        "税收征收管理法 第三十二条; 税收征收管理法实施细则 第七十五条";
    VV_LATE_FEE_OPEN: Hint,
        "逾期缴纳的税款有滞纳金记录",
        "tax paid after its due day has its late fee stated",
        "税收征收管理法 第三十二条; 税收征收管理法实施细则 第七十五条";
    VV_LATE_FEE_FORM: Error,
        "滞纳金随缴纳或代收的税款填写，并填写缴款日期",
        "a late fee stands with a payment and its day, not with a refund",
        "税收征收管理法 第三十二条";
    VV_CHANGE: Warning,
        "年度内没有改装等资料变更",
        "the vehicle was not changed within the year",
        "车船税法实施条例 第二十三条";
    VV_CHANGE_KIND: Error,
        "变更后仍为同类（车辆或船舶）",
        "a change does not make a vehicle a vessel or the reverse",
        "车船税法 附表《车船税税目税额表》";
    VV_RADAR_FISHING: Hint,
        "捕捞、养殖渔船已申报免税",
        "a fishing or fish-farming vessel claims its exemption",
        "车船税法 第三条第（一）项";
    VV_RADAR_MILITARY: Hint,
        "军队、武警专用车船已申报免税",
        "a vehicle of the army or armed police claims its exemption",
        "车船税法 第三条第（二）项";
    VV_RADAR_POLICE: Hint,
        "警用车船已申报免税",
        "a police vehicle or vessel claims its exemption",
        "车船税法 第三条第（三）项";
    VV_RADAR_RESCUE: Hint,
        "国家综合性消防救援车船已申报免税",
        "a national fire-rescue vehicle or vessel claims its exemption",
        "车船税法 第三条第（四）项（2019年修正）";
    VV_RADAR_DIPLOMATIC: Hint,
        "驻华使领馆、国际组织的车船已申报免税",
        "a vehicle of an embassy or international body claims its exemption",
        "车船税法 第三条第（五）项";
    VV_RADAR_INTERNAL: Hint,
        "机场、港口、铁路站场内部车船已申报免税（至2016年）",
        "a vehicle used only inside an airport, port or rail yard claims its exemption (to 2016)",
        "车船税法实施条例 第二十五条第二款";
    VV_RADAR_NEW_ENERGY: Hint,
        "新能源车辆已申报免税",
        "a new-energy vehicle claims its exemption",
        "财税〔2018〕74号 第二条";
    VV_RADAR_NEW_ENERGY_VESSEL: Hint,
        "纯天然气主推进船舶已申报免税",
        "a vessel driven by natural gas alone claims its exemption",
        "财税〔2018〕74号 第二条";
    VV_RADAR_ENERGY_SAVING: Hint,
        "节约能源车辆已申报减半",
        "an energy-saving vehicle claims its half",
        "财税〔2018〕74号 第一条";
    VV_RADAR_PUBLIC_TRANSPORT: Hint,
        "公共交通车船已申报省级减免",
        "a public transport vehicle or vessel claims the province's relief",
        "车船税法 第五条";
    VV_RADAR_RURAL: Hint,
        "农村居民的摩托车、三轮汽车、低速载货汽车已申报省级减免",
        "a farmer's motorcycle, three-wheeler or low-speed truck claims the province's relief",
        "车船税法 第五条";
    VV_RADAR_REFUND: Hint,
        "被盗抢、报废、灭失、退货前已缴的税款已填写，以便退税",
        "tax paid before a theft, scrapping, loss or return is stated, so that it is refunded",
        "车船税法实施条例 第十九条";
    VV_RADAR_TUG: Hint,
        "拖船按拖船申报（减按机动船舶税额的一半）",
        "a tug is declared as a tug, at half the vessel's amount",
        "车船税法 附表《车船税税目税额表》; 车船税法实施条例 第四条";
    VV_RADAR_TRAILER: Hint,
        "挂车按挂车申报（按货车税额的一半）",
        "a trailer is declared as a trailer, at half the truck's amount",
        "车船税法 附表《车船税税目税额表》";
    VV_RADAR_TRAILER_PLATE: Warning,
        "按挂车申报的车辆悬挂挂车号牌",
        "what is declared as a trailer has a trailer's plate",
        "车船税法 附表《车船税税目税额表》";
    VV_RADAR_USE: Warning,
        "使用性质、所有人符合所申报减免的条件",
        "the use and the owner meet the condition of the relief claimed",
        "车船税法 第三条、第五条";
    VV_RADAR_CATALOGUE: Warning,
        "购置之日车型已列入目录且未撤销",
        "the model was listed in the catalogue on the day of purchase",
        "财税〔2018〕74号 第一条、第二条";
}

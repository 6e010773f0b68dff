//! Every rule of checking of this tax (校验规则): id, severity, both languages, legal basis.

use crate::tax::finding::checks;

/// The form that the rules of form rest on.
const FORM: &str = "税务总局公告2021年第9号 附件（城镇土地使用税税源明细表）";

checks! {
    LU_PERIOD_MONTHS: Error,
        "税款所属期为整月",
        "the tax period is made of whole months",
        "城镇土地使用税暂行条例 第八条";
    LU_ACQUISITION_DATE: Error,
        "填写确定纳税义务发生时间的日期",
        "the date that starts the liability is stated",
        "城镇土地使用税暂行条例 第九条；财税〔2006〕186号 第二条；国税发〔2003〕89号 第二条";
    LU_HOLDER: Error,
        "纳税人不是土地使用权人的，填写土地使用权人识别号和名称",
        "the right holder is named when somebody else pays",
        FORM;
    LU_SHARED_FLOOR_AREA: Error,
        "自有建筑面积大于零且不超过总建筑面积",
        "the own floor area is above zero and not above the building's",
        "国税地字〔1988〕15号（土地使用权共有）";
    LU_VERSION_FIRST: Error,
        "至少有一条面积和等级信息",
        "there is at least one version with area and grade",
        FORM;
    LU_VERSION_DAY: Error,
        "首条信息不填变更时间，其后每条填变更日期或起始月份之一",
        "the first version has no day, every later one a day of change or a first month",
        FORM;
    LU_VERSION_ORDER: Error,
        "变更只发生在最近一条应税明细的当月或以后月份",
        "a change lies in the current or a later taxable month of the latest row",
        FORM;
    LU_VERSION_TWICE: Error,
        "同一日只有一条变更信息",
        "there is one version for a day",
        FORM;
    LU_V1_AREA: Error,
        "占用土地面积大于零",
        "the area is above zero",
        "城镇土地使用税暂行条例 第三条";
    LU_V1_PLOT_AREA: Error,
        "占用土地面积不超过宗地面积",
        "the area is not above that of the registered plot",
        FORM;
    LU_AREA_BASIS: Warning,
        "面积依次以测定面积、证书确认面积、据实申报面积为准",
        "the area is the surveyed one, else the certificate's, else the taxpayer's own figure",
        "国税地字〔1988〕15号（土地面积的确定）";
    LU_GRADE: Error,
        "土地等级从 1 开始",
        "grades begin at 1",
        "城镇土地使用税暂行条例 第五条";
    LU_CHANGE_KIND: Warning,
        "变更类型与变更内容相符",
        "the kind of change agrees with what changed",
        FORM;
    LU_UNIT_CODE: Warning,
        "不动产单元代码为28位",
        "a unit code of real estate has 28 characters",
        FORM;
    LU_V2_CHANGE_BEFORE_ACQUISITION: Error,
        "变更时间不早于土地取得时间",
        "no change lies before the acquisition",
        FORM;
    LU_V3_LAND_NO: Warning,
        "此前已申报的税源，填写税务机关编发的土地编号",
        "a plot filed before has its number issued by the bureau",
        FORM;
    LU_V5_TAXED_TWICE: Error,
        "同一土地编号同一月份只申报一次",
        "one plot is taxed once in a month",
        FORM;
    LU_V6_RELIEF_AREA: Error,
        "减免税土地面积不超过应税面积",
        "the relief area is not above the taxed area",
        FORM;
    LU_V6_RELIEF_ABOVE_TAX: Warning,
        "各项减免合计不超过当月应纳税额",
        "the reliefs of a month together are not above its tax",
        FORM;
    LU_V7_END_BEFORE_ACQUISITION: Error,
        "终止时间不早于土地取得时间",
        "the liability does not end before the acquisition",
        "财税〔2008〕152号 第三条";
    LU_V8_CHANGE_AFTER_END: Error,
        "变更时间不晚于纳税义务终止时间",
        "no change lies after the end of the liability",
        "财税〔2008〕152号 第三条";
    LU_V8_CHANGE_BEFORE_TAXED: Hint,
        "变更发生在应税月份内",
        "a change lies in a taxable month",
        FORM;
    LU_V9_GRADE_NOT_ASSESSED: Error,
        "土地等级与税费种认定一致",
        "the grade is one of those assessed for the taxpayer",
        "税务总局公告2021年第9号；税费种认定信息";
    LU_V10_RELIEF_MONTHS: Hint,
        "减免期与应税月份有交集",
        "a relief meets the taxed months",
        FORM;
    LU_V11_UNIT_TAX_RANGE: Warning,
        "税额标准在法定幅度内",
        "the unit tax lies in the national range",
        "城镇土地使用税暂行条例 第四条、第五条";
    LU_CITY_KIND: Warning,
        "城市规模与规则库一致",
        "the kind of city agrees with the rule pack's",
        "国税地字〔1988〕15号（城市规模）";
    LU_UNIT_TAX_BELOW_FLOOR: Error,
        "税额标准不低于法定最低额降低后的下限",
        "the unit tax is not below the minimum after the allowed reduction",
        "城镇土地使用税暂行条例 第四条、第五条";
    LU_V13_OVERPAID: Warning,
        "已缴税额不大于应纳税额",
        "not more was paid than is due",
        "税收征收管理法 第五十一条";
    LU_PAID_PERIOD: Warning,
        "已缴税款的所属期在本期之内",
        "a payment is for months inside the period",
        FORM;
    LU_NOT_TAXED: Hint,
        "本期有应税月份",
        "some month of the period is taxed",
        "城镇土地使用税暂行条例 第九条；财税〔2008〕152号 第三条";
    LU_SUBLEASE: Hint,
        "集体土地转租的，由直接承租人缴纳",
        "of collective land that is rented on, the first lessee pays",
        "财税〔2017〕29号（文号未核实）；财税〔2006〕56号";
    LU_COLLECTIVE_NATURE: Warning,
        "集体土地使用人的土地性质为集体",
        "a user of collective land states collective land",
        "财税〔2006〕56号";
    LU_DELIVERY_BEFORE_CONTRACT: Hint,
        "约定交付时间不早于合同签订时间",
        "the agreed delivery does not lie before the signing",
        "财税〔2006〕186号 第二条";
    LU_FARMLAND_BY_CONTRACT: Hint,
        "招拍挂取得的土地不按新征用耕地确定纳税义务发生时间",
        "land got by bid, auction or listing is not newly requisitioned farmland",
        "税务总局公告2014年第74号";
    LU_X6_APPROVAL_GOVERNS: Hint,
        "征用土地的纳税义务自批准之日计算，不自合同签订之日计算",
        "the liability for requisitioned land counts from the approval, not from a contract",
        "城镇土地使用税暂行条例 第九条";
    LU_RELIEF_BASIS: Error,
        "核准金额、月减免税金额、减免面积、份额不重复填写",
        "a relief states one of amount, monthly amount, area and share",
        FORM;
    LU_RELIEF_MONTHS: Error,
        "减免起止时间为整月",
        "a relief runs over whole months",
        FORM;
    LU_RELIEF_AMOUNT_PERIOD: Error,
        "税源分段计算的，核准减免金额填写所属月份",
        "an approved amount on a plot with several segments states its months",
        "城镇土地使用税暂行条例 第七条";
    LU_RELIEF_AMOUNT_MONTHS: Warning,
        "核准减免金额填写所属月份，以免每期重复减免",
        "an approved amount states its months, or it is taken in every tax period",
        "城镇土地使用税暂行条例 第七条";
    LU_RELIEF_DOCUMENT: Warning,
        "核准或备案类减免填写文书号",
        "a relief by approval states its document",
        "城镇土地使用税暂行条例 第七条";
    LU_RECLAIMED_YEARS: Warning,
        "开山填海整治的土地和改造的废弃土地免税5年至10年",
        "reclaimed and reused waste land is free for 5 to 10 years",
        "城镇土地使用税暂行条例 第六条第六项";
    LU_HARDSHIP_ORDER: Warning,
        "困难减免在政策性减免之后计算",
        "hardship comes after the policy reliefs",
        "税务总局公告2021年第9号（财产和行为税纳税申报表）；城镇土地使用税暂行条例 第七条";
    LU_UNDERGROUND_TWICE: Error,
        "地下建筑用地减免不重复填写",
        "the relief of stand-alone underground buildings is claimed once",
        "财税〔2009〕128号 第四条";
    LU_USE: Error,
        "用途明细的面积、份额和起止时间可用",
        "a use states an area within the plot or a share, and whole months",
        FORM;
    LU_STAFF: Error,
        "安置残疾人数不超过在职职工总数",
        "the disabled persons employed are not more than all staff",
        "财税〔2010〕121号 第一条";
    // The radar: a relief not claimed is a hint, a claim whose condition fails a warning.
    LU_RADAR_STATE: Hint,
        "国家机关、人民团体、军队自用土地享受免税",
        "land used by state organs, people's bodies or the army claims its relief",
        "城镇土地使用税暂行条例 第六条第一项";
    LU_RADAR_BUDGET_UNIT: Hint,
        "财政拨付事业经费的单位自用土地享受免税",
        "land used by budget-funded units claims its relief",
        "城镇土地使用税暂行条例 第六条第二项";
    LU_RADAR_TEMPLE_PARK: Hint,
        "宗教寺庙、公园、名胜古迹自用土地享受免税",
        "land used by temples, parks or monuments claims its relief",
        "城镇土地使用税暂行条例 第六条第三项";
    LU_RADAR_PUBLIC: Hint,
        "市政街道、广场、绿化地带等公共用地享受免税",
        "streets, squares and public greenery claim their relief",
        "城镇土地使用税暂行条例 第六条第四项";
    LU_RADAR_FARM: Hint,
        "直接用于农、林、牧、渔业的生产用地享受免税",
        "land used directly for farming, forestry, breeding or fishing claims its relief",
        "城镇土地使用税暂行条例 第六条第五项";
    LU_RADAR_RECLAIMED: Hint,
        "经批准开山填海整治的土地和改造的废弃土地享受免税",
        "reclaimed and reused waste land claims its relief",
        "城镇土地使用税暂行条例 第六条第六项";
    LU_RADAR_FREE_TO_EXEMPT: Hint,
        "免税单位无偿使用的土地享受免税",
        "land used free of charge by an exempt unit claims its relief",
        "国税地字〔1989〕140号 第一条";
    LU_RADAR_SCHOOL_HOSPITAL: Hint,
        "学校、托儿所、幼儿园、医院用地享受免税",
        "land of schools, nurseries, kindergartens and hospitals claims its relief",
        "国税地字〔1988〕15号 第十七条；财税〔2000〕42号；财税〔2004〕39号";
    LU_RADAR_WAREHOUSE: Hint,
        "大宗商品仓储设施用地享受减半",
        "bulk-commodity storage sites claim their half",
        "财政部 税务总局公告2020年第16号；公告2023年第5号";
    LU_RADAR_BUS_RAIL: Hint,
        "城市公交站场、道路客运站场、城市轨道交通系统用地享受免税",
        "bus stations, coach stations and urban rail claim their relief",
        "财税〔2019〕11号；公告2022年第4号；公告2023年第52号";
    LU_RADAR_FARM_MARKET: Hint,
        "农产品批发市场、农贸市场用地享受免税",
        "markets for farm produce claim their relief",
        "财税〔2019〕12号；公告2022年第4号；公告2023年第50号";
    LU_RADAR_HEATING: Hint,
        "“三北”地区供热企业用地享受免税",
        "heat suppliers in the north claim their relief",
        "财税〔2019〕38号；公告2021年第6号；公告2023年第56号";
    LU_RADAR_INCUBATOR: Hint,
        "科技企业孵化器、大学科技园、众创空间用地享受免税",
        "incubators, university science parks and maker spaces claim their relief",
        "财税〔2018〕120号；公告2022年第4号；公告2023年第42号";
    LU_RADAR_RURAL_WATER: Hint,
        "农村饮水安全工程用地享受免税",
        "rural drinking water works claim their relief",
        "财政部 税务总局公告2019年第67号；公告2021年第6号；公告2023年第58号";
    LU_RADAR_PUBLIC_RENTAL: Hint,
        "公共租赁住房用地享受免税",
        "public rental housing claims its relief",
        "财政部 税务总局公告2019年第61号；公告2021年第6号；公告2023年第33号";
    LU_RADAR_SALE_AFFORDABLE: Hint,
        "保障性住房项目用地享受免税",
        "affordable housing projects claim their relief",
        "财政部 税务总局 住房城乡建设部公告2023年第70号";
    LU_RADAR_SHANTY: Hint,
        "棚户区改造安置住房用地享受免税",
        "shanty area rebuilding claims its relief",
        "财税〔2013〕101号";
    LU_RADAR_RELOCATION: Hint,
        "易地扶贫搬迁安置住房用地享受免税",
        "poverty-relocation housing claims its relief",
        "财税〔2018〕135号；公告2021年第6号";
    LU_RADAR_COMMUNITY_CARE: Hint,
        "社区养老、托育、家政服务用地享受免税",
        "community care and home services claim their relief",
        "财政部等六部门公告2019年第76号";
    LU_RADAR_RESERVES: Hint,
        "国家商品储备用地享受免税",
        "state commodity reserves claim their relief",
        "财政部 税务总局公告2019年第77号；公告2022年第8号；公告2023年第48号";
    LU_RADAR_AVIATION: Hint,
        "民用航空发动机、民用飞机研制用地享受免税",
        "makers of civil aircraft and engines claim their relief",
        "财政部 税务总局公告2019年第88号；公告2023年第27号";
    LU_RADAR_STADIUM: Hint,
        "公共体育场馆用地享受免税",
        "public stadiums claim their relief",
        "财税〔2015〕130号";
    LU_RADAR_STADIUM_ENTERPRISE: Hint,
        "企业拥有的大型体育场馆用地享受减半",
        "large stadiums run by firms claim their half",
        "财税〔2015〕130号";
    LU_RADAR_BANK_FORECLOSED: Hint,
        "抵债不动产用地享受省定减免",
        "foreclosed property of banks claims the province's relief",
        "财政部 税务总局公告2022年第31号；公告2023年第35号";
    LU_RADAR_NUCLEAR: Hint,
        "核电站免税部分享受免税",
        "the free parts of nuclear plants claim their relief",
        "财税〔2007〕124号";
    LU_RADAR_NUCLEAR_BUILDING: Hint,
        "核电站应税土地基建期内享受减半",
        "taxed nuclear plant land during building claims its half",
        "财税〔2007〕124号";
    LU_RADAR_OIL_MINE_SALT: Hint,
        "石油天然气、矿山、盐场免税部分享受免税",
        "the free parts of oil fields, mines and salt works claim their relief",
        "财税〔2015〕76号；国税地字〔1989〕122号、141号";
    LU_RADAR_CAPACITY_CUT: Hint,
        "去产能和调结构政策关停企业用地享受免税",
        "closed over-capacity firms claim their relief",
        "财税〔2018〕107号";
    LU_RADAR_DISABLED: Hint,
        "安置残疾人就业达到比例和人数的单位享受减免",
        "an employer of enough disabled persons claims the relief",
        "财税〔2010〕121号 第一条";
    LU_RADAR_DISABLED_UNMET: Warning,
        "享受安置残疾人减免的单位达到比例和人数",
        "an employer claiming the relief has enough disabled persons",
        "财税〔2010〕121号 第一条";
    LU_RADAR_NO_SUCH_USE: Warning,
        "按用途减免的土地确有该用途",
        "land relieved for a use is used so",
        "城镇土地使用税暂行条例 第六条";
    LU_RADAR_AREA_OVER_USE: Warning,
        "减免面积不超过该用途的面积",
        "the area relieved for a use is not above that of the use",
        "城镇土地使用税暂行条例 第六条";
    LU_RADAR_EXEMPT_UNIT: Warning,
        "免税单位的减免由免税单位享受",
        "a relief of exempt units is claimed by one",
        "城镇土地使用税暂行条例 第六条第一项、第二项";
    LU_RADAR_RESTRICTED_INDUSTRY: Warning,
        "国家限制或不鼓励发展的产业不享受困难减免",
        "no hardship relief goes to an industry the state restricts",
        "税务总局公告2014年第1号；城镇土地使用税暂行条例 第七条";
}

/// The hint that a relief is not claimed; none for a relief the radar does not know.
pub(super) fn unclaimed(relief_id: &str) -> Option<&'static crate::tax::Check> {
    let id = format!("LU_RADAR_{}", relief_id.strip_prefix("LU_")?);
    ALL.iter().find(|check| check.id == id).copied()
}

//! Every rule of checking of this tax (校验规则): id, severity, both languages, legal basis.

const FORM: &str = "国家税务总局公告2021年第9号 环境保护税税源明细表";
const LOW: &str = "环境保护税法 第十三条；实施条例 第十条、第十一条；财税〔2018〕117号";
const PLANT: &str = "环境保护税法 第十二条第三项";
const ANNEX_1: &str = "环境保护税法 附表一";
const ANNEX_2: &str = "环境保护税法 附表二";

crate::tax::finding::checks! {
    ENV_PERMIT: Error,
        "实行排污许可管理的纳税人已填写排污许可证编号",
        "a holder of a discharge permit gives its number",
        FORM;
    ENV_OFFSHORE: Error,
        "税源不是海洋工程排放（海洋工程另有办法）",
        "the source is not offshore work, which has rules of its own",
        "海洋工程环境保护税申报征收办法（国家税务总局 国家海洋局公告2017年第50号）";
    ENV_STATED_RATE: Error,
        "固体废物和噪声没有另行列明税额",
        "no unit tax is stated for solid waste or noise",
        ANNEX_1;
    ENV_NOT_IN_FORCE: Error,
        "税款所属月份在开征之后",
        "the month of a record is not before the tax began",
        "环境保护税法 第二十八条（2018年1月1日起施行）";
    ENV_MONTH_PERIOD: Warning,
        "税款所属月份在申报所属期和税源有效期内",
        "the month of a record lies in the period filed and in the days of the source",
        "环境保护税法 第十八条";
    ENV_MONTH_MISSING: Warning,
        "排放口在所属期的每个月都有记录",
        "an outlet has records for every month of the period",
        "财税〔2018〕117号";
    ENV_DUPLICATE_LINE: Error,
        "同一月份、同一排放口、同一污染物只填报一次",
        "a month, an outlet and a pollutant stand once",
        FORM;
    ENV_NEGATIVE: Error,
        "数量、浓度和金额不小于零",
        "quantities, concentrations and amounts are not below zero",
        "";
    ENV_METHOD_FIELDS: Error,
        "所填数据与计算方法相符、齐全且不多填",
        "the figures of the method are there and no others",
        "环境保护税法 第十条";
    ENV_METHOD_ORDER: Warning,
        "有监测数据的按监测数据计算",
        "monitoring data are used where they exist",
        "环境保护税法 第十条；附表二 注";
    ENV_SAMPLING: Hint,
        "抽样测算的应税污染物由税务机关会同生态环境主管部门核定",
        "what is found by sampling is assessed by the authorities",
        "环境保护税法 第二十一条";
    ENV_POLLUTANT_UNKNOWN: Error,
        "污染物名称列于附表二",
        "the pollutant is in the annex for its medium",
        "环境保护税法 第三条、附表二";
    ENV_CLASS_MISMATCH: Error,
        "污染物种类与附表二相符",
        "the class given is the annex's",
        ANNEX_2;
    ENV_PH_RANGE: Error,
        "pH 在 0 至 14 之间",
        "the pH lies between 0 and 14",
        "";
    ENV_CONCENTRATION_ORDER: Error,
        "最高浓度不低于月均浓度",
        "the maximum of the month is not below its mean",
        "";
    ENV_READING_ABOVE_MAX: Warning,
        "最高浓度不低于任何一次实测浓度",
        "the maximum of the month is not below any reading",
        FORM;
    ENV_FUGITIVE: Error,
        "无组织排放只用于大气污染物",
        "emissions without an outlet are of air",
        "环境保护税法 第九条";
    ENV_NOT_DIRECT: Hint,
        "排放是直接向环境排放",
        "the discharge is a direct one",
        "环境保护税法 第四条";
    ENV_DESTINATION: Error,
        "粪污综合利用只用于畜禽养殖",
        "only livestock records go to the use of manure",
        "环境保护税法实施条例 第四条";
    ENV_PARK_PLANT: Hint,
        "污水处理厂为社会公众提供生活污水处理服务",
        "the sewage plant serves the public",
        "环境保护税法实施条例 第三条";
    ENV_LIVESTOCK_SCALE: Hint,
        "养殖或床位规模超过征税规模",
        "the stock or the beds are above the scale of taxation",
        ANNEX_2;
    ENV_LIVESTOCK_PROVINCE: Hint,
        "省级人民政府确定的养殖规模标准已知",
        "the province's scale of livestock farms is known",
        "环境保护税法实施条例 第四条";
    ENV_HOSPITAL_TWICE: Warning,
        "一家医院只按床位或只按污水量计算",
        "a hospital is counted by beds or by sewage, once",
        ANNEX_2;
    ENV_DUST_POLLUTANT: Error,
        "施工扬尘按一般性粉尘填报",
        "construction dust is filed as general dust",
        "财税〔2018〕117号";
    ENV_DUST_COEFFICIENT: Warning,
        "产生量系数与当地抽样测算办法一致",
        "the generation coefficient is the place's",
        "环境保护税法 第十条第四项";
    ENV_DUST_REDUCTION: Warning,
        "削减系数不大于产生量系数",
        "the reduction coefficient is not above the generation coefficient",
        "环境保护税法 第十条第四项";
    ENV_ROUNDED: Hint,
        "污染当量数不先行四舍五入",
        "equivalents are not rounded before the tax",
        "环境保护税法 第八条、第十一条";
    ENV_GENERATION_LOW: Warning,
        "产生量不低于排放量",
        "the quantity generated is not below the quantity discharged",
        "环境保护税法实施条例 第七条";
    ENV_YOY_DROP: Warning,
        "排放量没有明显低于上年同期",
        "the quantity is not far below last year's",
        "环境保护税法实施条例 第二十二条";
    ENV_UNSELECTED_TAXED: Warning,
        "未列入应税项数的污染物没有已缴税额",
        "no tax was paid on a pollutant that is not among those taxed",
        "环境保护税法 第九条";
    ENV_CARRY_FORWARD: Warning,
        "沿用的监测数据为本季度数据",
        "carried data are of the same quarter",
        "财税〔2018〕117号";
    ENV_RELIEF_CONC: Warning,
        "申请减免已填月均浓度、最高浓度和标准浓度值",
        "a relief by concentration has its mean, maximum and limit",
        LOW;
    ENV_RELIEF_EXCEEDED: Warning,
        "当月所有排放口和无组织排放均未超标",
        "no outlet and no fugitive source was over its limit in the month",
        LOW;
    ENV_RELIEF_GENERATION: Warning,
        "申请减免的不是以产生量计税",
        "no relief is claimed where the generation is taxed",
        "环境保护税法实施条例 第七条";
    ENV_RELIEF_DATA: Warning,
        "申请减征的月份有当月监测数据",
        "a month of reduction has data of its own",
        LOW;
    ENV_RELIEF_METHOD: Warning,
        "申请减征的污染物按监测数据计算",
        "a reduced pollutant is monitored",
        LOW;
    ENV_RELIEF_NOT_LOW: Warning,
        "月均浓度低于标准30%以上",
        "the mean is more than 30% below the limit where a reduction is claimed",
        LOW;
    ENV_RELIEF_ID: Error,
        "由系统判定的减免不自行填写",
        "only reliefs by decision of the State Council are named on a record",
        "环境保护税法 第十二条";
    ENV_RELIEF_DOCUMENT: Warning,
        "国务院批准的免税注明文件",
        "a relief by decision of the State Council names the decision",
        "环境保护税法 第十二条第五项";
    ENV_RELIEF_CAP: Error,
        "减免税额不大于本行应纳税额",
        "a relief is not above the line's tax",
        FORM;
    ENV_SOLID_BALANCE: Warning,
        "贮存、处置和综合利用量之和不大于产生量",
        "what is stored, disposed of and utilised is not above the generation",
        "环境保护税法实施条例 第五条";
    ENV_SOLID_UNMEASURED: Hint,
        "扣减的固体废物均能准确计量",
        "what is deducted is accurately measured",
        "财税〔2018〕23号";
    ENV_SOLID_SUBSTANDARD: Hint,
        "扣减的贮存、处置符合国家和地方环境保护标准",
        "what is deducted is stored or disposed of to the standard",
        "环境保护税法 第五条第二款；实施条例 第五条";
    ENV_SOLID_SUBCLASS: Warning,
        "危险废物子类只用于危险废物",
        "a subclass of hazardous waste is given for hazardous waste only",
        FORM;
    ENV_NOISE_DAYS: Error,
        "超标天数不大于当月天数",
        "the days over the limit are not more than the month has",
        ANNEX_1;
    ENV_NOISE_NO_DAYS: Warning,
        "监测超标的，超标天数大于零",
        "where a point is over its limit there are days over it",
        "环境保护税法 附表一 注四";
    ENV_NOISE_BOUNDARY: Hint,
        "两处以上超标的，已填沿边界长度",
        "with two points over, the length of the boundary is given",
        "环境保护税法 附表一 注一";
    ENV_RADAR_LOW_30: Hint,
        "符合低于标准30%减征条件的已申请",
        "the reduction for 30% below the limit is claimed where it is due",
        LOW;
    ENV_RADAR_LOW_50: Hint,
        "符合低于标准50%减征条件的已申请",
        "the reduction for 50% below the limit is claimed where it is due",
        LOW;
    ENV_RADAR_LOW_DATA: Hint,
        "月均浓度够低的，已填最高浓度",
        "where the mean is low enough the maximum is given",
        LOW;
    ENV_RADAR_LOW_BARRED: Warning,
        "不符合条件的未申请低浓度减征",
        "the low-concentration relief is not claimed where its conditions do not hold",
        LOW;
    ENV_RADAR_SEWAGE_PLANT: Hint,
        "城乡污水集中处理场所已如实填报",
        "a public sewage plant is filed as one",
        PLANT;
    ENV_RADAR_REFUSE_PLANT: Hint,
        "生活垃圾集中处理场所已如实填报",
        "a household refuse plant is filed as one",
        PLANT;
    ENV_RADAR_PLANT_BARRED: Warning,
        "集中处理场所达标排放",
        "a plant that is filed as exempt is shown to be within the standard",
        PLANT;
    ENV_RADAR_MANURE: Hint,
        "依法综合利用和无害化处理的粪污不计税",
        "manure that is lawfully used is not taxed",
        "环境保护税法实施条例 第四条";
    ENV_RADAR_WASTE_USE: Hint,
        "综合利用的固体废物已准确计量",
        "what is utilised is accurately measured, so that it is deducted",
        "环境保护税法 第十二条第四项；财税〔2018〕23号";
}

//! What a taxpayer states of a vehicle or vessel (车船税税源明细表).

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::{ReliefClaim, StatedRate};
use super::change::Change;
use crate::types::{Money, Period};

/// What the vehicle or vessel is (车辆类型、船舶种类), before its class by size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// 乘用车: a car of at most nine seats, classed by displacement.
    PassengerCar,
    /// 客车, trams included: more than nine seats, classed by seats.
    Bus,
    /// 货车.
    Truck,
    /// 半挂牵引车: a truck (schedule note).
    SemiTrailerTractor,
    /// 三轮汽车: a truck.
    ThreeWheeledVehicle,
    /// 低速载货汽车: a truck.
    LowSpeedTruck,
    /// 客货两用车: taxed as a truck (公告2013年第42号 第二条).
    PassengerCargoVehicle,
    /// 挂车: by the truck's unit amount and a share of it.
    Trailer,
    /// 摩托车.
    Motorcycle,
    /// 专用作业车.
    SpecialPurposeVehicle,
    /// 轮式专用机械车.
    WheeledMachine,
    /// 机动船舶.
    MotorVessel,
    /// 拖船: net tons from engine power.
    Tug,
    /// 非机动驳船.
    Barge,
    /// 游艇, classed by hull length.
    Yacht,
    /// 辅助动力帆艇.
    AuxSailYacht,
}

impl Kind {
    /// The family of items (税目) in the rule pack's `vvt.items`.
    pub const fn family(self) -> &'static str {
        match self {
            Self::PassengerCar => "PASSENGER_CAR",
            Self::Bus => "BUS",
            Self::Truck
            | Self::SemiTrailerTractor
            | Self::ThreeWheeledVehicle
            | Self::LowSpeedTruck
            | Self::PassengerCargoVehicle => "TRUCK",
            Self::Trailer => "TRAILER",
            Self::Motorcycle => "MOTORCYCLE",
            Self::SpecialPurposeVehicle => "SPECIAL_PURPOSE_VEHICLE",
            Self::WheeledMachine => "WHEELED_MACHINE",
            Self::MotorVessel => "MOTOR_VESSEL",
            Self::Tug | Self::Barge => "TUG_BARGE",
            Self::Yacht => "YACHT",
            Self::AuxSailYacht => "AUX_SAIL_YACHT",
        }
    }

    /// True for vessels and yachts (船舶).
    pub const fn is_vessel(self) -> bool {
        matches!(
            self,
            Self::MotorVessel | Self::Tug | Self::Barge | Self::Yacht | Self::AuxSailYacht
        )
    }
}

/// What drives it (燃料种类), as far as the law looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Energy {
    /// Petrol, diesel, gas beside them, or a hybrid without plug that is not told apart.
    Conventional,
    /// 混合动力，不可外接充电: a hybrid without plug.
    Hybrid,
    /// 插电式(含增程式)混合动力.
    PlugInHybrid,
    /// 纯电动.
    PureElectric,
    /// 燃料电池.
    FuelCell,
    /// 纯天然气主推进 (vessels).
    NaturalGas,
}

/// What it is used for (使用性质), as far as a relief looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Usage {
    /// Anything that no relief looks at.
    General,
    /// 城市、农村公共交通.
    PublicTransport,
    /// 农村居民拥有并主要在农村地区使用.
    Rural,
    /// 捕捞、养殖.
    Fishing,
    /// 军队、武装警察部队专用.
    Military,
    /// 警用.
    Police,
    /// 国家综合性消防救援.
    FireRescue,
    /// 使领馆、国际组织驻华代表机构及其有关人员.
    Diplomatic,
    /// 机场、港口、铁路站场内部行驶或作业.
    Internal,
}

/// What happened to it after it was acquired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// 被盗抢: by the police certificate.
    Stolen,
    /// 失而复得: taxed again from the month of the police certificate.
    Recovered,
    /// 报废.
    Scrapped,
    /// 灭失.
    Lost,
    /// 因质量原因退货: by the date of the return invoice.
    Returned,
    /// 转让过户: no refund in the paid year.
    Transferred,
}

impl EventKind {
    /// True when the months from the event's on are not taxed.
    pub const fn ends_tax(self) -> bool {
        matches!(
            self,
            Self::Stolen | Self::Scrapped | Self::Lost | Self::Returned
        )
    }
}

/// An event with its date and certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The day; for a theft or recovery of the police certificate, for a return of the invoice.
    pub on: Date,
    /// The certificate's number (证明、红字发票号); may be empty.
    #[serde(default)]
    pub document: String,
}

/// How an amount of an earlier day counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentKind {
    /// 代收代缴: collected by the insurer of the compulsory policy.
    InsurerWithheld,
    /// 已缴: paid by the taxpayer.
    Paid,
    /// 已退: refunded to the taxpayer, so no longer paid.
    Refunded,
}

/// Tax of a year that was already paid or refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// How it counts.
    pub kind: PaymentKind,
    /// The tax year it is for, such as 2026.
    pub tax_year: i16,
    /// The amount, for all vehicles of the source.
    pub amount: Money,
    /// Number of the tax certificate, policy or refund notice (完税凭证号).
    #[serde(default)]
    pub document: String,
    /// 缴款日期, where said; needed with a late fee.
    #[serde(default)]
    pub paid_on: Option<Date>,
    /// 滞纳金 collected along with arrears; it is no tax and never counts as paid.
    #[serde(default)]
    pub late_fee: Option<Money>,
}

impl Payment {
    /// True when it is for the tax year that the period begins.
    pub fn is_of(&self, year: Period) -> bool {
        self.tax_year == year.first().year()
    }
}

/// What to do with a vehicle whose insurer withheld exactly what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WithheldTreatment {
    /// Leave it out of the joint return (实施条例 第十五条).
    Omit,
    /// Enter it with the withheld amount as already paid.
    EnterAsPaid,
}

impl WithheldTreatment {
    /// Reads the word of the rule pack.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "OMIT" => Some(Self::Omit),
            "ENTER_AS_PAID" => Some(Self::EnterAsPaid),
            _ => None,
        }
    }
}

/// One vehicle or vessel, or `count` equal ones (车船税税源).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What it is.
    pub kind: Kind,
    /// The item it was declared as, such as `TRUCK`; compared with the one found from the facts.
    #[serde(default)]
    pub declared_item: Option<String>,
    /// Number of equal vehicles or vessels, 1 or more (decision VV5).
    #[serde(default = "one")]
    pub count: u32,
    /// Day of the purchase invoice, or of registration or other document (实施条例 第二十一条).
    pub acquired_on: Date,
    /// 号牌号码; empty when unregistered.
    #[serde(default)]
    pub plate: String,
    /// 车辆识别代码, 17 characters.
    #[serde(default)]
    pub vin: String,
    /// 船舶识别号, 13 characters.
    #[serde(default)]
    pub vessel_code: String,
    /// 品牌型号, or 中文船名.
    #[serde(default)]
    pub name: String,
    /// 燃料种类, where said.
    #[serde(default)]
    pub energy: Option<Energy>,
    /// 排气量 in millilitres.
    #[serde(default)]
    pub displacement_ml: Option<u32>,
    /// 核定载客人数.
    #[serde(default)]
    pub seats: Option<u32>,
    /// 整备质量 in tonnes, fractions included.
    #[serde(default, with = "crate::types::decimal_text")]
    pub curb_mass_tonnes: Option<Decimal>,
    /// 净吨位 in net tons.
    #[serde(default, with = "crate::types::decimal_text")]
    pub net_tonnage_tonnes: Option<Decimal>,
    /// 主机功率 of a tug in kW.
    #[serde(default, with = "crate::types::decimal_text")]
    pub engine_power_kw: Option<Decimal>,
    /// 艇身长度 in metres.
    #[serde(default, with = "crate::types::decimal_text")]
    pub hull_length_metres: Option<Decimal>,
    /// 使用性质, where said.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// 购车发票开具日期, where it is known beside the day of acquisition.
    #[serde(default)]
    pub invoiced_on: Option<Date>,
    /// 车辆购置税完税证明号; may be empty.
    #[serde(default)]
    pub purchase_tax_certificate: String,
    /// First day the model stood in the catalogue (列入《目录》之日), where said.
    #[serde(default)]
    pub catalogue_from: Option<Date>,
    /// Last day the model stood in the catalogue (从《目录》撤销前一日), where it was removed.
    #[serde(default)]
    pub catalogue_to: Option<Date>,
    /// 发动机号 of a vehicle, as registered; may be empty.
    #[serde(default)]
    pub engine_number: String,
    /// 初次登记号码 of a vessel; may be empty.
    #[serde(default)]
    pub first_registration_number: String,
    /// 船籍港; may be empty.
    #[serde(default)]
    pub home_port: String,
    /// 建成日期 of a vessel, where said.
    #[serde(default)]
    pub completed_on: Option<Date>,
    /// Changes of its facts after the acquisition (改装、变更登记).
    #[serde(default)]
    pub changes: Vec<Change>,
    /// A foreign vehicle temporarily in China, or a ship of foreign, Hong Kong, Macao or Taiwan
    /// flag leased in: outside the tax.
    #[serde(default)]
    pub foreign: bool,
    /// Tax certificate of the former owner for the year of acquisition: then nothing is due of
    /// that year (实施条例 第二十条). Empty otherwise.
    #[serde(default)]
    pub seller_tax_certificate: String,
    /// Number of the compulsory insurance policy (交强险保单号); may be empty.
    #[serde(default)]
    pub insurance_policy: String,
    /// Events after acquisition.
    #[serde(default)]
    pub events: Vec<Event>,
    /// Reliefs claimed; approved amounts are for one vehicle.
    #[serde(default)]
    pub reliefs: Vec<ReliefClaim>,
    /// Amounts paid, withheld or refunded before.
    #[serde(default)]
    pub payments: Vec<Payment>,
    /// What to do when the insurer withheld what is due; the place's rule when absent.
    #[serde(default)]
    pub withheld_treatment: Option<WithheldTreatment>,
    /// 单位税额 with its document, where the rule pack has none; for a trailer the truck's.
    #[serde(default)]
    pub stated_unit_amount: Option<StatedRate>,
}

impl Source {
    /// The source by the facts that count in a tax year: with the changes made before its first
    /// day. The tax is charged by the year, so a change within a year counts from the next.
    pub(super) fn as_of(&self, year: Period) -> Cow<'_, Self> {
        let before = |change: &&Change| change.on < year.first();
        let mut changes: Vec<&Change> = self.changes.iter().filter(before).collect();
        if changes.is_empty() {
            return Cow::Borrowed(self);
        }
        changes.sort_by_key(|change| change.on);
        let mut now = self.clone();
        for change in changes {
            change.apply(&mut now);
        }
        Cow::Owned(now)
    }
}

const fn one() -> u32 {
    1
}

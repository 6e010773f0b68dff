//! How much is discharged (污染物排放量计算方法, 环境保护税法 art. 10), by each method.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::annex::{Counted, Entry};
use super::fields::method_fields;
use super::outlet::{Medium, OutletRecord};
use crate::tax::ChargeError;
use crate::types::{Exact, Overflow};

/// The method with its own figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Quantity {
    /// 自动监测 or 监测机构监测.
    Monitored(Monitored),
    /// 排污系数.
    Coefficient(Coefficient),
    /// 物料衡算.
    MassBalance(MassBalance),
    /// 施工扬尘, 抽样测算.
    ConstructionDust(ConstructionDust),
    /// pH, colour, coliform count, residual chlorine: by sewage.
    Sewage(Sewage),
    /// 禽畜养殖业、小型企业和第三产业, 抽样测算 by a feature.
    Feature(Feature),
}

/// Either a mass, or flow and readings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitored {
    /// True for automatic monitoring.
    #[serde(default)]
    pub automatic: bool,
    /// Mass of the month in kg.
    #[serde(default, with = "crate::types::decimal_text")]
    pub emission_kg: Option<Decimal>,
    /// Flow of the month: 10,000 standard m3 of gas, or tonnes of sewage.
    #[serde(default, with = "crate::types::decimal_text")]
    pub flow: Option<Decimal>,
    /// Readings of the concentration (实测浓度值).
    #[serde(default)]
    pub readings: Vec<Reading>,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Concentration, mg per standard m3 or mg per litre; nothing below the detection limit.
    #[serde(default, with = "crate::types::decimal_text")]
    pub concentration: Option<Decimal>,
    /// Flow at the reading, for the weighted mean of water.
    #[serde(default, with = "crate::types::decimal_text")]
    pub flow: Option<Decimal>,
    /// Below the detection limit (未检出): zero.
    #[serde(default)]
    pub below_detection_limit: bool,
}

impl Reading {
    /// The concentration that counts.
    fn counted(&self) -> Option<Decimal> {
        match (self.below_detection_limit, self.concentration) {
            (true, None) => Some(Decimal::ZERO),
            (false, found) => found,
            (true, Some(_)) => None,
        }
    }
}

/// Base × coefficient × unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficient {
    /// Base quantity (计算基数).
    #[serde(with = "rust_decimal::serde::str")]
    pub base_quantity: Decimal,
    /// Discharge coefficient (排污系数) per unit of base.
    #[serde(with = "rust_decimal::serde::str")]
    pub discharge_coefficient: Decimal,
    /// Generation coefficient (产污系数) per unit of base.
    #[serde(default, with = "crate::types::decimal_text")]
    pub generation_coefficient: Option<Decimal>,
    /// Unit of the pollutant in the coefficients.
    pub mass_unit: MassUnit,
}

/// Unit of mass (污染物单位).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MassUnit {
    /// 吨.
    Tonne,
    /// 千克.
    Kilogram,
    /// 克.
    Gram,
    /// 毫克.
    Milligram,
}

impl MassUnit {
    /// Kilograms in one unit, as the numerator and denominator.
    const fn kilograms(self) -> (i64, i64) {
        match self {
            Self::Tonne => (1000, 1),
            Self::Kilogram => (1, 1),
            Self::Gram => (1, 1000),
            Self::Milligram => (1, 1_000_000),
        }
    }
}

/// The taxpayer's mass balance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MassBalance {
    /// Mass of the month in kg.
    #[serde(with = "rust_decimal::serde::str")]
    pub emission_kg: Decimal,
}

/// Area × (generation − reduction).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstructionDust {
    /// Area of the site in m2.
    #[serde(with = "rust_decimal::serde::str")]
    pub area_sqm: Decimal,
    /// kg per m2 and month generated.
    #[serde(with = "rust_decimal::serde::str")]
    pub generation_coefficient: Decimal,
    /// kg per m2 and month saved by the measures taken.
    #[serde(with = "rust_decimal::serde::str")]
    pub reduction_coefficient: Decimal,
}

/// Pollutants counted by sewage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sewage {
    /// Sewage of the month in tonnes.
    #[serde(with = "rust_decimal::serde::str")]
    pub sewage_tonnes: Decimal,
    /// Measured pH, for `pH值`.
    #[serde(default, with = "crate::types::decimal_text")]
    pub ph: Option<Decimal>,
    /// Measured colour in times, or coliform count.
    #[serde(default, with = "crate::types::decimal_text")]
    pub measured: Option<Decimal>,
    /// Standard of the same.
    #[serde(default, with = "crate::types::decimal_text")]
    pub measured_limit: Option<Decimal>,
}

/// A feature (特征指标) of a small discharger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Heads, birds, beds or tonnes of sewage.
    #[serde(default, with = "crate::types::decimal_text")]
    pub count: Option<Decimal>,
    /// Stock at the start of the month.
    #[serde(default, with = "crate::types::decimal_text")]
    pub opening_stock: Option<Decimal>,
    /// Stock at the end of the month.
    #[serde(default, with = "crate::types::decimal_text")]
    pub closing_stock: Option<Decimal>,
    /// Beds of a hospital counted by sewage.
    #[serde(default, with = "crate::types::decimal_text")]
    pub beds: Option<Decimal>,
}

/// What was found: the quantity in the annex's unit, and how.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub quantity: Exact,
    pub expression: String,
    /// False when the standard is not exceeded, so that nothing is taxable.
    pub taxable: bool,
    /// What is compared with the scale below which nothing is levied.
    pub scale: Exact,
}

impl Measured {
    fn of(quantity: Exact, expression: String) -> Self {
        Self {
            quantity,
            expression,
            taxable: true,
            scale: quantity,
        }
    }
}

/// The taxed quantity of a record. `path` is the record's, for refusals.
pub(super) fn measure(
    record: &OutletRecord,
    medium: Medium,
    entry: &Entry<'_>,
    path: &str,
) -> Result<Measured, ChargeError> {
    if entry.counted == Counted::Kilogram
        && let Some(mass) = governing_mass(record, path)?
    {
        return Ok(mass);
    }
    let masses = record.reviewed_kg.is_some() || record.generation_kg.is_some();
    if entry.counted != Counted::Kilogram && masses {
        return Err(method_fields(
            format!("{path}.reviewed_kg"),
            format!("“{}”不按千克计算，不能填写千克数", entry.name),
            format!(
                "`{}` is not counted in kg, so no kg can be given",
                entry.name
            ),
        )
        .into());
    }
    let small = entry.class == super::PollutantClass::Small;
    match (&record.quantity, entry.counted) {
        (Quantity::Monitored(it), Counted::Kilogram) => it.mass(medium, path),
        (Quantity::Coefficient(it), Counted::Kilogram) => Ok(it.mass(it.discharge_coefficient)?),
        (Quantity::MassBalance(it), Counted::Kilogram) => Ok(Measured::of(
            it.emission_kg.into(),
            it.emission_kg.to_string(),
        )),
        (Quantity::ConstructionDust(it), Counted::Kilogram) => Ok(it.mass()?),
        (Quantity::Sewage(it), Counted::Sewage | Counted::SewageTimes) if !small => {
            it.count(entry, path)
        }
        (Quantity::Feature(it), Counted::Feature | Counted::Sewage) if small => {
            it.count(entry, path)
        }
        _ => Err(method_fields(
            format!("{path}.quantity"),
            format!("所填计算方法的数据不能用于计算“{}”的排放量", entry.name),
            format!(
                "the method filled in cannot give the quantity of `{}`",
                entry.name
            ),
        )
        .into()),
    }
}

/// The environmental department's figure, else the generation where that is taxed.
fn governing_mass(record: &OutletRecord, path: &str) -> Result<Option<Measured>, ChargeError> {
    if let Some(kg) = record.reviewed_kg {
        return Ok(Some(Measured::of(kg.into(), kg.to_string())));
    }
    if record.generation_reason.is_none() {
        return Ok(None);
    }
    if let Some(kg) = record.generation_kg {
        return Ok(Some(Measured::of(kg.into(), kg.to_string())));
    }
    if let Quantity::Coefficient(it) = &record.quantity
        && let Some(coefficient) = it.generation_coefficient
    {
        return Ok(Some(it.mass(coefficient)?));
    }
    if let Quantity::ConstructionDust(it) = &record.quantity {
        let area = Exact::from(it.area_sqm);
        let expression = format!("{} × {}", it.area_sqm, it.generation_coefficient);
        let kg = area.mul(it.generation_coefficient)?;
        return Ok(Some(Measured::of(kg, expression)));
    }
    Err(method_fields(
        format!("{path}.generation_kg"),
        "以产生量作为排放量的，须填写产生量或产污系数",
        "generation is taxed, so the quantity generated or its coefficient is needed",
    )
    .into())
}

impl Monitored {
    fn mass(&self, medium: Medium, path: &str) -> Result<Measured, ChargeError> {
        let wrong = |zh: &str, en: &str| method_fields(format!("{path}.monitored"), zh, en);
        let flow = match (self.emission_kg, self.flow, self.readings.is_empty()) {
            (Some(kg), None, true) => return Ok(Measured::of(kg.into(), kg.to_string())),
            (None, Some(flow), false) => flow,
            _ => {
                return Err(wrong(
                    "监测法应只填排放量，或填流量和实测浓度",
                    "give either the mass, or the flow and the readings",
                )
                .into());
            }
        };
        let mut sum = Exact::ZERO;
        let mut weights = Exact::ZERO;
        let alone = self.readings.len() == 1;
        for reading in &self.readings {
            let concentration = reading.counted().ok_or_else(|| {
                wrong(
                    "每次监测应填实测浓度，或注明未检出，二者只填一项",
                    "a reading is a concentration or below the detection limit, not both",
                )
            })?;
            let weight = match (medium, reading.flow) {
                (Medium::Air, _) => Exact::ONE,
                (Medium::Water, _) if alone => Exact::ONE,
                (Medium::Water, Some(flow)) => flow.into(),
                (Medium::Water, None) => {
                    return Err(wrong(
                        "多次监测的废水应填每次的流量，以便加权平均",
                        "several readings of water need their flows for the weighted mean",
                    )
                    .into());
                }
            };
            sum = sum.add(weight.mul(concentration)?)?;
            weights = weights.add(weight)?;
        }
        if weights.is_zero() {
            return Err(wrong("流量合计为零", "the flows add up to zero").into());
        }
        let mean = sum.div(weights)?;
        // 10,000 m3 × mg/m3 = 10 g; tonne × mg/L = 1 g.
        let grams = match medium {
            Medium::Air => 100,
            Medium::Water => 1000,
        };
        let kg = mean.mul(flow)?.div(Exact::int(grams))?;
        let expression = format!("{flow} × {} ÷ {grams}", mean.to_decimal()?);
        Ok(Measured::of(kg, expression))
    }
}

impl Coefficient {
    fn mass(&self, coefficient: Decimal) -> Result<Measured, Overflow> {
        let (numerator, denominator) = self.mass_unit.kilograms();
        let base = self.base_quantity;
        let factor = Exact::fraction(numerator, denominator)?;
        let kg = Exact::from(base).mul(coefficient)?.mul(factor)?;
        let expression = format!("{base} × {coefficient} × {}", factor.to_decimal()?);
        Ok(Measured::of(kg, expression))
    }
}

impl ConstructionDust {
    fn mass(&self) -> Result<Measured, Overflow> {
        let rate = Exact::from(self.generation_coefficient).sub(self.reduction_coefficient)?;
        let kg = rate.max(Exact::ZERO).mul(self.area_sqm)?;
        let (area, up, down) = (
            self.area_sqm,
            self.generation_coefficient,
            self.reduction_coefficient,
        );
        Ok(Measured::of(kg, format!("{area} × ({up} − {down})")))
    }
}

impl Sewage {
    fn count(&self, entry: &Entry<'_>, path: &str) -> Result<Measured, ChargeError> {
        let tonnes = self.sewage_tonnes;
        let is_ph = entry.group == "PH";
        let compared = match (self.measured, self.measured_limit) {
            (Some(found), Some(limit)) => Some((found, limit)),
            (None, None) => None,
            _ => return Err(sewage_fields(path).into()),
        };
        // A row with a standard is 色度 or 大肠菌群数; 余氯量 and pH have none.
        let plain = Measured::of(tonnes.into(), tonnes.to_string());
        match (entry.counted, compared) {
            _ if is_ph != self.ph.is_some() => Err(sewage_fields(path).into()),
            (Counted::SewageTimes, Some((found, limit))) if limit > Decimal::ZERO => {
                let over = Exact::from(found).sub(limit)?.div(limit)?.max(Exact::ZERO);
                let quantity = over.mul(tonnes)?;
                let expression = format!("{tonnes} × ({found} − {limit}) ÷ {limit}");
                Ok(Measured {
                    taxable: found > limit,
                    ..Measured::of(quantity, expression)
                })
            }
            (Counted::SewageTimes, _) => Err(sewage_fields(path).into()),
            (_, Some((found, limit))) if !is_ph => Ok(Measured {
                taxable: found > limit,
                ..plain
            }),
            (_, None) if is_ph || !entry.name.contains("超标") => Ok(plain),
            _ => Err(sewage_fields(path).into()),
        }
    }
}

fn sewage_fields(path: &str) -> crate::tax::Finding {
    method_fields(
        format!("{path}.sewage"),
        "pH值只填 pH；色度和大肠菌群数填实测值和标准值；余氯量只填污水量",
        "pH needs its pH only; colour and coliform count the measured value and the standard; \
         residual chlorine the sewage only",
    )
}

impl Feature {
    fn count(&self, entry: &Entry<'_>, path: &str) -> Result<Measured, ChargeError> {
        let wrong = |zh: &str, en: &str| method_fields(format!("{path}.feature"), zh, en);
        let stock = (self.opening_stock, self.closing_stock);
        let mut found = match (self.count, stock) {
            (Some(count), (None, None)) => Measured::of(count.into(), count.to_string()),
            (None, (Some(first), Some(last))) if entry.counted == Counted::Feature => {
                let mean = Exact::from(first).add(last)?.div(Exact::int(2))?;
                Measured::of(mean, format!("({first} + {last}) ÷ 2"))
            }
            _ => {
                return Err(wrong(
                    "应填特征指标数量，或填月初和月末存栏量",
                    "give the count, or the stock at the start and the end of the month",
                )
                .into());
            }
        };
        let by_sewage = entry.counted == Counted::Sewage && !entry.scale.is_empty();
        match (by_sewage, self.beds) {
            (true, Some(beds)) => found.scale = beds.into(),
            (false, None) => {}
            _ => {
                return Err(wrong(
                    "医院按污水量计算的须填床位数，其他不填",
                    "a hospital counted by sewage needs its beds; nothing else has them",
                )
                .into());
            }
        }
        Ok(found)
    }
}

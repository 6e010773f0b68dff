//! How much is discharged (环境保护税法 art. 10), by each method.

use rust_decimal::Decimal;

use super::annex::{Counted, DUST, Entry};
use super::catalogue;
use super::fields::method_fields;
use super::outlet::{Medium, OutletRecord};
use super::quantity::{Coefficient, ConstructionDust, Feature, Monitored, Quantity, Sewage};
use crate::tax::ChargeError;
use crate::types::{Exact, Overflow};

/// What was found: the quantity in the annex's unit, and how.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub quantity: Exact,
    pub expression: String,
    /// False when the standard is not exceeded, so that nothing is taxable.
    pub taxable: bool,
    /// What is compared with the scale below which nothing is levied.
    pub scale: Exact,
    /// The article behind it.
    pub basis: &'static str,
}

impl Measured {
    fn of(quantity: Exact, expression: String) -> Self {
        Self {
            quantity,
            expression,
            taxable: true,
            scale: quantity,
            basis: "环境保护税法 第十条",
        }
    }

    fn under(self, basis: &'static str) -> Self {
        Self { basis, ..self }
    }
}

const REVIEW: &str = "环境保护税法实施条例 第二十一条";
const GENERATION: &str = "环境保护税法实施条例 第七条";

/// The taxed quantity of a record. `path` is the record's, for refusals.
pub(super) fn measure(
    record: &OutletRecord,
    medium: Medium,
    entry: &Entry<'_>,
    path: &str,
) -> Result<Measured, ChargeError> {
    if matches!(record.quantity, Quantity::ConstructionDust(_)) && entry.name != DUST {
        return Err(catalogue::ENV_DUST_POLLUTANT
            .at(
                format!("{path}.pollutant"),
                format!("施工扬尘的应税污染物是{DUST}，不是“{}”", entry.name),
                format!(
                    "construction dust is filed as {DUST}, not as `{}`",
                    entry.name
                ),
            )
            .fix(format!("{path}.pollutant"), DUST)
            .into());
    }
    if entry.counted == Counted::Kilogram
        && let Some(mass) = governing_mass(record, path)?
    {
        return Ok(mass);
    }
    let masses = record.reviewed_kg.is_some() || record.generation_kg.is_some();
    if entry.counted != Counted::Kilogram && masses {
        return Err(method_fields(
            match record.reviewed_kg {
                Some(_) => format!("{path}.reviewed_kg"),
                None => format!("{path}.generation_kg"),
            },
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
        return Ok(Some(Measured::of(kg.into(), kg.to_string()).under(REVIEW)));
    }
    if record.generation_reason.is_none() {
        return Ok(None);
    }
    if let Some(kg) = record.generation_kg {
        return Ok(Some(
            Measured::of(kg.into(), kg.to_string()).under(GENERATION),
        ));
    }
    if let Quantity::Coefficient(it) = &record.quantity
        && let Some(coefficient) = it.generation_coefficient
    {
        return Ok(Some(it.mass(coefficient)?.under(GENERATION)));
    }
    if let Quantity::ConstructionDust(it) = &record.quantity {
        let area = Exact::from(it.area_sqm);
        let expression = format!("{} × {}", it.area_sqm, it.generation_coefficient);
        let kg = area.mul(it.generation_coefficient)?;
        return Ok(Some(Measured::of(kg, expression).under(GENERATION)));
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

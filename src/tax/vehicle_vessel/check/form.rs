//! Numbers that identify a vehicle or vessel, and their doubles (V1–V3, V8).

use super::super::catalogue;
use super::super::source::Source;
use super::super::spans;
use crate::tax::{Finding, TaxSource};
use crate::types::Period;

const VIN_LENGTH: usize = 17;
const VESSEL_CODE_LENGTH: usize = 13;
/// Weights of the 17 places; the ninth is the check character itself (GB 16735, ISO 3779).
const VIN_WEIGHTS: [u32; VIN_LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const VIN_CHECK_PLACE: usize = 8;
/// First characters of plates: provinces, and embassies.
const PLATE_PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使";
/// Last characters of plates of special use.
const PLATE_ENDINGS: &str = "挂学警港澳领";

/// Numbers that cannot be.
pub(super) fn refusals(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let vin = source.vin.as_str();
    let vin_fits = vin.len() == VIN_LENGTH && vin.chars().all(is_vin_letter);
    if !vin.is_empty() && !vin_fits {
        findings.push(
            catalogue::VV_V1
                .at(
                    "vin",
                    "车辆识别代码应为 17 位大写字母或数字，不含 I、O、Q",
                    "the VIN has 17 capitals or digits without I, O and Q",
                )
                .numbers(VIN_LENGTH, vin.chars().count()),
        );
    }
    let code = source.vessel_code.as_str();
    let shaped = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    let code_fits = code.len() == VESSEL_CODE_LENGTH && code.chars().all(shaped);
    if !code.is_empty() && !code_fits {
        findings.push(
            catalogue::VV_V3
                .at(
                    "vessel_code",
                    "船舶识别号应为 13 位大写字母或数字",
                    "the vessel identification number has 13 capitals or digits",
                )
                .numbers(VESSEL_CODE_LENGTH, code.chars().count()),
        );
    }
    findings.extend(kinds(source));
    findings
}

/// Numbers on a source of several, or of the other kind.
fn kinds(source: &Source) -> Vec<Finding> {
    let (vin, code) = (source.vin.as_str(), source.vessel_code.as_str());
    let mut findings = Vec::new();
    let named = !vin.is_empty() || !code.is_empty() || !source.plate.is_empty();
    if source.count > 1 && named {
        findings.push(
            catalogue::VV_COUNT_IDENTITY
                .at(
                    "count",
                    "填写了号牌、车架号或船舶识别号的税源只能是一辆（艘）",
                    "a source with a plate, VIN or vessel number is one vehicle or vessel",
                )
                .numbers(1, source.count),
        );
    }
    let (number, zh, en) = if source.kind.is_vessel() {
        ("vin", "船舶不填写车辆识别代码", "a vessel has no VIN")
    } else {
        (
            "vessel_code",
            "车辆不填写船舶识别号",
            "a vehicle has no vessel number",
        )
    };
    let wrong = if source.kind.is_vessel() { vin } else { code };
    if !wrong.is_empty() {
        let finding = catalogue::VV_IDENTITY_KIND.at(number, zh, en);
        findings.push(finding.fix(number, ""));
    }
    findings
}

/// The same vehicle twice in a year, or one plate on two vehicles (V8). A source without a taxed
/// month in the year (sold or scrapped before, bought later) is no double.
pub(in super::super) fn twice(source: &Source, peers: &[&TaxSource], year: Period) -> Vec<Finding> {
    let mut findings = Vec::new();
    for peer in peers {
        let TaxSource::VehicleVesselTax(peer) = peer else {
            continue;
        };
        let same = |a: &str, b: &str| !a.is_empty() && a == b;
        let field = if same(&source.vin, &peer.vin) {
            "vin"
        } else if same(&source.vessel_code, &peer.vessel_code) {
            "vessel_code"
        } else if same(&source.plate, &peer.plate) {
            "plate"
        } else {
            continue;
        };
        if spans::taxed(source, year).is_empty() || spans::taxed(peer, year).is_empty() {
            continue;
        }
        findings.push(catalogue::VV_V8.at(
            field,
            "同一纳税人同一年度内该号码的车船重复申报",
            "the taxpayer declares a vehicle or vessel of this number twice in the year",
        ));
    }
    findings
}

/// Numbers that look wrong or are not there.
pub(super) fn doubts(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some((expected, actual)) = vin_check(&source.vin)
        && expected != actual
    {
        findings.push(
            catalogue::VV_V1_CHECK
                .at(
                    "vin",
                    format!("车辆识别代码第 9 位校验位应为 {expected}，现为 {actual}"),
                    format!("the check character of the VIN should be {expected}, not {actual}"),
                )
                .numbers(expected, actual),
        );
    }
    if !source.plate.is_empty() && !is_plate(&source.plate) {
        findings.push(catalogue::VV_V2.at(
            "plate",
            format!("号牌号码 {} 的格式不常见，请核对", source.plate),
            format!("the plate {} has an unusual form", source.plate),
        ));
    }
    let (number, field) = if source.kind.is_vessel() {
        (&source.vessel_code, "vessel_code")
    } else {
        (&source.vin, "vin")
    };
    if source.count == 1 && number.is_empty() {
        findings.push(catalogue::VV_IDENTITY_MISSING.at(
            field,
            "税源明细表要求填写车辆识别代码或船舶识别号；不填则无法查出重复申报",
            "the form wants the VIN or vessel number; without it doubles cannot be found",
        ));
    }
    findings
}

fn is_vin_letter(letter: char) -> bool {
    letter.is_ascii_digit() || (letter.is_ascii_uppercase() && !matches!(letter, 'I' | 'O' | 'Q'))
}

/// The check character a VIN should have and the one it has.
fn vin_check(vin: &str) -> Option<(char, char)> {
    if vin.len() != VIN_LENGTH || !vin.chars().all(is_vin_letter) {
        return None;
    }
    let mut sum = 0;
    for (letter, weight) in vin.chars().zip(VIN_WEIGHTS) {
        sum += vin_value(letter)? * weight;
    }
    let expected = match sum % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10)?,
    };
    Some((expected, vin.chars().nth(VIN_CHECK_PLACE)?))
}

fn vin_value(letter: char) -> Option<u32> {
    Some(match letter {
        'A' | 'J' => 1,
        'B' | 'K' | 'S' => 2,
        'C' | 'L' | 'T' => 3,
        'D' | 'M' | 'U' => 4,
        'E' | 'N' | 'V' => 5,
        'F' | 'W' => 6,
        'G' | 'P' | 'X' => 7,
        'H' | 'Y' => 8,
        'R' | 'Z' => 9,
        digit => digit.to_digit(10)?,
    })
}

/// Province, a letter, then five or six letters or digits, the last one of special use perhaps.
fn is_plate(plate: &str) -> bool {
    let mut letters = plate.chars();
    let province = letters.next().is_some_and(|l| PLATE_PROVINCES.contains(l));
    let place = letters.next().is_some_and(|l| l.is_ascii_uppercase());
    let rest: Vec<char> = letters.collect();
    let Some((last, body)) = rest.split_last() else {
        return false;
    };
    let plain = |letter: &char| letter.is_ascii_uppercase() || letter.is_ascii_digit();
    province
        && place
        && matches!(rest.len(), 5 | 6)
        && body.iter().all(plain)
        && (plain(last) || PLATE_ENDINGS.contains(*last))
}

#[cfg(test)]
mod tests {
    use super::{is_plate, vin_check};

    #[test]
    fn vins_carry_a_check_character() {
        assert_eq!(vin_check("1M8GDM9AXKP042788"), Some(('X', 'X')));
        assert_eq!(vin_check("11111111111111111"), Some(('1', '1')));
        assert_eq!(vin_check("1M8GDM9A1KP042788"), Some(('X', '1')));
        assert_eq!(vin_check("short"), None);
    }

    #[test]
    fn plates_have_a_province_and_a_letter() {
        for good in ["皖A12345", "皖AD12345", "皖A1234挂", "京A1234警"] {
            assert!(is_plate(good), "{good}");
        }
        for bad in [
            "A12345",
            "皖12345",
            "皖A123",
            "皖A1234567",
            "皖a12345",
            "皖A12挂45",
        ] {
            assert!(!is_plate(bad), "{bad}");
        }
    }
}

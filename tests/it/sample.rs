//! Values the tests of lifecycle and store start from, with fixed ids, days and amounts.

use std::path::Path;

use caixing::filing::{
    Content, Covered, Declaration, DeclarationState, Line, Payment, PaymentChannel, PaymentRow,
    PaymentState, Quote, SourceRecord, SourceState, Submission, Taxpayer, Voucher, VoucherBody,
    VoucherKind, VoucherRow, VoucherState,
};
use caixing::tax::{BaseUnit, Charge, Profile, ReliefLine, TaxSource, TaxpayerKind};
use caixing::types::{
    DeclarationId, Money, PaymentId, Period, Region, SourceId, TaxAuthority, TaxKind, TaxpayerId,
    TaxpayerKey, Treasury, VoucherNumber,
};
use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use uuid::Uuid;

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn yuan(text: &str) -> Money {
    Money::parse_yuan(text).unwrap()
}

pub fn period(first: &str, last: &str) -> Period {
    Period::new(day(first), day(last)).unwrap()
}

/// 2026-10-12 00:00 UTC and some seconds.
pub fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_791_763_200 + seconds).unwrap()
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0000 + number)
}

pub fn taxpayer_key() -> TaxpayerKey {
    TaxpayerKey::new(uuid(1))
}

pub fn source_id(number: u128) -> SourceId {
    SourceId::new(uuid(0x100 + number))
}

pub fn declaration_id(number: u128) -> DeclarationId {
    DeclarationId::new(uuid(0x200 + number))
}

pub fn payment_id(number: u128) -> PaymentId {
    PaymentId::new(uuid(0x300 + number))
}

pub fn treasury() -> Treasury {
    Treasury::parse("1234010400").unwrap()
}

pub fn profile() -> Profile {
    Profile {
        kind: TaxpayerKind::Enterprise,
        six_taxes: Vec::new(),
        six_taxes_facts: None,
    }
}

pub fn taxpayer() -> Taxpayer {
    Taxpayer {
        key: taxpayer_key(),
        tax_number: TaxpayerId::parse("91350100M000100Y43").unwrap(),
        name: "样例企业".to_owned(),
        profile: profile(),
        version: 1,
        created_at: instant(0),
    }
}

/// A file below the package's root.
pub fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

/// The stored source of a tax, as its name in small letters.
pub fn detail(name: &str) -> TaxSource {
    let text = read(&format!("tests/compat/source/v1/{name}.json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn source(number: u128, state: SourceState) -> SourceRecord {
    SourceRecord {
        id: source_id(number),
        taxpayer: taxpayer_key(),
        name: "二号地块".to_owned(),
        region: Region::parse("340100").unwrap(),
        authority: TaxAuthority::parse("13401040000").unwrap(),
        treasury: treasury(),
        state,
        version: 1,
        detail: detail("land_use_tax"),
        recorded_at: instant(0),
    }
}

/// A line of the third quarter of 2026 with its tax, relief and tax already paid.
pub fn line(number: u32, tax: TaxKind, amounts: [&str; 3], payable: &str, due_on: &str) -> Line {
    let [tax_amount, relief, paid] = amounts.map(yuan);
    let period = period("2026-07-01", "2026-09-30");
    let relief = ReliefLine {
        relief_id: "SAMPLE".to_owned(),
        code: None,
        name_zh: "样例减免".to_owned(),
        period,
        amount: relief,
    };
    Line {
        number,
        source_id: source_id(u128::from(number)),
        source_version: 1,
        tax_period: period,
        due_on: day(due_on),
        charge: Charge {
            tax,
            item: format!("ITEM_{number}"),
            item_code: None,
            item_zh: format!("税目{number}"),
            detail: String::new(),
            period,
            base: Decimal::ONE,
            base_unit: BaseUnit::Yuan,
            rate: Decimal::ONE,
            tax_amount,
            reliefs: vec![relief],
            already_paid: paid,
            applied: Vec::new(),
            steps: Vec::new(),
            turning_points: Vec::new(),
        },
        payable: yuan(payable),
        carried: Money::ZERO,
        stands_from: None,
    }
}

/// A line with nothing but what is payable.
pub fn plain(number: u32, payable: &str, due_on: &str) -> Line {
    let paid = if payable.starts_with('-') {
        payable.trim_start_matches('-')
    } else {
        "0.00"
    };
    let tax = if payable.starts_with('-') {
        "0.00"
    } else {
        payable
    };
    line(
        number,
        TaxKind::LandUseTax,
        [tax, "0.00", paid],
        payable,
        due_on,
    )
}

pub fn content(rule_pack: &str, lines: Vec<Line>) -> Content {
    let covered = lines
        .iter()
        .map(|line| Covered {
            source_id: line.source_id,
            source_version: line.source_version,
            period: line.tax_period,
        })
        .collect();
    Content {
        format: 1,
        taxpayer: taxpayer_key(),
        window: period("2026-07-01", "2026-09-30"),
        authority: TaxAuthority::parse("13401040000").unwrap(),
        treasury: treasury(),
        profile: profile(),
        rule_pack: rule_pack.to_owned(),
        taxes: Vec::new(),
        covered,
        lines,
        findings: Vec::new(),
        correction: None,
    }
}

/// A declaration whose digest is simply the word `digest`.
pub fn declaration(number: u128, state: DeclarationState, content: Content) -> Declaration {
    let filed = state != DeclarationState::Draft;
    Declaration {
        id: declaration_id(number),
        content,
        digest: "digest".to_owned(),
        state,
        created_at: instant(0),
        submission: filed.then(|| Submission {
            at: instant(1),
            overdue: false,
            acknowledged: Vec::new(),
        }),
        closing: None,
        waived: Money::ZERO,
        version: 1,
    }
}

/// A payment of 100.00 and 0.05 surcharge.
pub fn payment(number: u128, declaration: u128, state: PaymentState) -> Payment {
    let settled = state == PaymentState::InTreasury;
    Payment {
        id: payment_id(number),
        taxpayer: taxpayer_key(),
        declaration: declaration_id(declaration),
        state,
        order: Quote {
            pay_on: day("2026-10-27"),
            rows: vec![PaymentRow {
                tax: TaxKind::LandUseTax,
                item_zh: "土地".to_owned(),
                period: period("2026-07-01", "2026-09-30"),
                due_on: day("2026-10-26"),
                extended_to: None,
                principal: yuan("100.00"),
                days_late: 1,
                surcharge: yuan("0.05"),
            }],
            principal: yuan("100.00"),
            surcharge: yuan("0.05"),
            total: yuan("100.05"),
            waived: Money::ZERO,
            offset: Money::ZERO,
        },
        authority: TaxAuthority::parse("13401040000").unwrap(),
        treasury: treasury(),
        agreement: "AGREEMENT-1".to_owned(),
        bank_reference: None,
        failure: None,
        voucher: settled.then(|| voucher_number(0)),
        created_at: instant(2),
        settled_at: settled.then(|| instant(3)),
        channel: PaymentChannel::Agreement,
        refund: None,
        received: if settled { yuan("100.05") } else { Money::ZERO },
        refunded: Money::ZERO,
        version: 1,
    }
}

pub fn voucher_number(serial: u64) -> VoucherNumber {
    VoucherNumber::make(2026, serial)
}

/// A voucher of a payment made by [`payment`].
pub fn voucher(serial: u64, payment: &Payment) -> Voucher {
    let body = VoucherBody {
        format: 1,
        voucher_number: voucher_number(serial),
        issued_on: day("2026-10-27"),
        authority: payment.authority.clone(),
        tax_number: taxpayer().tax_number,
        taxpayer_name: taxpayer().name,
        payment_id: payment.id,
        declaration_id: payment.declaration,
        content_digest: "digest".to_owned(),
        rule_pack_digest: "pack".to_owned(),
        treasury_date: day("2026-10-27"),
        rows: vec![VoucherRow {
            tax_zh: "城镇土地使用税".to_owned(),
            item_zh: "土地".to_owned(),
            period: period("2026-07-01", "2026-09-30"),
            amount: yuan("100.05"),
            original_voucher_number: None,
            treasury_date: None,
        }],
        principal: yuan("100.00"),
        total: yuan("100.05"),
        total_in_words: "壹佰元零伍分".to_owned(),
        kind: None,
        issued_at: None,
        treasury: None,
        taxpayer_id: None,
        refund_id: None,
        replaces: None,
        bank_reference: None,
        algorithm: None,
        key_id: None,
        sample: false,
    };
    Voucher {
        taxpayer: payment.taxpayer,
        state: VoucherState::Issued,
        signed_text: serde_json::to_string(&body).unwrap(),
        body,
        signature: "00".to_owned(),
        public_key: "00".to_owned(),
        created_at: instant(4),
        kind: VoucherKind::Payment,
        refund: None,
        replaces: None,
        replaced_by: None,
        reprints: 0,
        close_reason: None,
        version: 1,
    }
}

//! What an act asks for, by what the book knows. Nothing where there is nothing to act on.

use caixing::pb;
use caixing::types::TaxpayerId;
use jiff::civil::Date;

use super::asked::Asked;
use super::bank::{Bank, Booked, agreement};
use super::book::{Book, Declaration, Filed, Known, Paid, Payment, Person, Recorded};
use super::drawing::{Facts, OFFICES, Scope, TICKED, WINDOWS, forms, window, yuan};
use super::filing::etag;
use super::operation::{Act, Etag, Filing, Paying, Print, Settling};

/// Taxpayers at most.
const PEOPLE: u8 = 3;
/// Why something is voided or printed again.
pub const REASON: &str = "填写有误";
/// Warnings that a client reads and accepts.
pub const ACKNOWLEDGED: [&str; 5] = [
    "FREQUENCY_UNCONFIRMED",
    "RATE_STATED",
    "RULE_UNCONFIRMED",
    "DUE_RULE_UNCONFIRMED",
    "ST_W01",
];

/// The tax number of one of the taxpayers.
fn number(who: u8) -> String {
    let mut number = TaxpayerId::parse(crate::support::TAX_NUMBER).unwrap();
    for _ in 0..who % PEOPLE {
        number = number.next_demonstration_number().unwrap();
    }
    number.to_string()
}

/// One of several, counted back from the newest.
pub fn pick<T>(list: impl DoubleEndedIterator<Item = T>, which: u8) -> Option<T> {
    let mut list: Vec<T> = list.rev().collect();
    let count = list.len();
    (count > 0).then(|| list.swap_remove(usize::from(which) % count))
}

fn windows(relief: bool) -> Vec<pb::SixTaxesWindow> {
    let window = pb::SixTaxesWindow {
        subject: pb::SixTaxesSubject::SmallLowProfit.into(),
        first_month: "2026-01".to_owned(),
        last_month: "2026-12".to_owned(),
    };
    if relief { vec![window] } else { Vec::new() }
}

fn named(version: i64, which: Etag) -> String {
    match which {
        Etag::Current => etag(version),
        Etag::Stale => etag(version + 1),
    }
}

impl Book {
    /// One of the taxpayers.
    pub fn someone(&self, who: u8) -> Option<&Person> {
        pick(self.people.iter(), who)
    }

    /// A fresh mark.
    pub fn mark(&mut self) -> String {
        self.serial += 1;
        format!("00000000-0000-4000-8000-{:012}", self.serial)
    }

    pub fn state(&mut self, facts: Facts) -> Option<pb::TaxSourceInput> {
        let input = facts.wire();
        self.stated.push((input.clone(), facts));
        Some(input)
    }

    /// The declaration to be submitted.
    pub fn draft_for(person: &Person, which: u8, way: Filing) -> Option<&Declaration> {
        let fresh = |one: &&Declaration| {
            one.state == Filed::Draft && one.form.idle.is_empty() && person.is_fresh(one)
        };
        match way {
            Filing::Any => pick(person.declarations.iter(), which),
            _ => pick(person.declarations.iter().filter(fresh), which),
        }
    }

    /// The declaration to be paid.
    pub fn to_pay(person: &Person, which: u8, way: Paying) -> Option<&Declaration> {
        let waits = |one: &&Declaration| {
            one.state == Filed::AwaitingPayment && person.live_payment(&one.id).is_none()
        };
        match way {
            Paying::Any => pick(person.declarations.iter(), which),
            _ => pick(person.declarations.iter().filter(waits), which),
        }
    }

    fn to_settle<'a>(
        person: &'a Person,
        which: u8,
        way: Settling,
        bank: &Bank,
    ) -> Option<&'a Payment> {
        // Only what the bank was asked for.
        let debited = |one: &Payment| {
            let order = bank.order(&one.id);
            order.is_some_and(|order| order.booked == Booked::Debited)
        };
        let all = person.payments.iter().filter(|one| debited(one));
        match way {
            Settling::Any => pick(all, which),
            Settling::Again | Settling::OtherPart => {
                pick(all.filter(|one| one.received() > 0), which)
            }
            _ => pick(all.filter(|one| one.can_settle()), which),
        }
    }

    /// The request of an act; of another taxpayer, or what has to come before it, where there is
    /// nothing to act on.
    pub fn asking(&mut self, act: Act, bank: &Bank, today: Date) -> Option<Asked> {
        let mut act = Some(act);
        while let Some(mut one) = act {
            for _ in 0..PEOPLE {
                let asked = self.asking_of(one, bank, today);
                if asked.is_some() {
                    return asked;
                }
                one = one.of_next();
            }
            act = one.before();
        }
        None
    }

    fn printing(&mut self, act: Print, taxpayer_id: String, voucher_number: String) -> Asked {
        let (request_id, reason) = (self.mark(), REASON.to_owned());
        match act {
            Print::Again => Asked::ReprintVoucher(pb::ReprintVoucherRequest {
                request_id,
                taxpayer_id,
                voucher_number,
                reason,
            }),
            Print::Replace => Asked::ReplaceVoucher(pb::ReplaceVoucherRequest {
                request_id,
                taxpayer_id,
                voucher_number,
                reason,
            }),
            Print::Void => Asked::VoidVoucher(pb::VoidVoucherRequest {
                request_id,
                taxpayer_id,
                voucher_number,
                reason,
            }),
        }
    }

    fn asking_of(&mut self, act: Act, bank: &Bank, today: Date) -> Option<Asked> {
        let asked = match act {
            Act::Register { who } => Asked::RegisterTaxpayer(pb::RegisterTaxpayerRequest {
                request_id: self.mark(),
                tax_number: number(who),
                name: "合肥皖星精密机械制造有限公司".to_owned(),
                kind: pb::TaxpayerKind::Enterprise.into(),
                six_taxes_windows: windows(who % 2 == 1),
                validate_only: false,
                six_taxes_facts: None,
            }),
            Act::Reprofile { who, relief, etag } => {
                let person = self.someone(who)?;
                let (taxpayer_id, etag) = (person.key.clone(), named(person.version, etag));
                Asked::UpdateTaxpayer(pb::UpdateTaxpayerRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    etag,
                    name: "合肥皖星精密机械制造有限公司".to_owned(),
                    kind: pb::TaxpayerKind::Enterprise.into(),
                    six_taxes_windows: windows(relief),
                    validate_only: false,
                    six_taxes_facts: None,
                })
            }
            Act::Collect {
                who,
                kind,
                size,
                quarter,
                office,
            } => {
                let taxpayer_id = self.someone(who)?.key.clone();
                let request_id = self.mark();
                let facts = Facts {
                    kind,
                    size: size.max(1),
                    quarter: usize::from(quarter % 3),
                    office: usize::from(office) % OFFICES.len(),
                    number: self.serial,
                };
                Asked::CreateTaxSource(pb::CreateTaxSourceRequest {
                    request_id,
                    taxpayer_id,
                    source: self.state(facts),
                    validate_only: false,
                })
            }
            Act::Restate {
                who,
                source,
                size,
                etag,
            } => {
                let person = self.someone(who)?;
                let taxpayer_id = person.key.clone();
                let source = pick(person.sources.iter(), source)?.clone();
                let facts = Facts {
                    size: size.max(1),
                    ..source.facts
                };
                Asked::UpdateTaxSource(pb::UpdateTaxSourceRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    source_id: source.id,
                    etag: named(source.version, etag),
                    source: self.state(facts),
                    validate_only: false,
                })
            }
            Act::Close { who, source, etag } => {
                let person = self.someone(who)?;
                let taxpayer_id = person.key.clone();
                let source = pick(person.sources.iter(), source)?.clone();
                Asked::CloseTaxSource(pb::CloseTaxSourceRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    source_id: source.id,
                    etag: named(source.version, etag),
                    validate_only: false,
                })
            }
            Act::Draft {
                who,
                window: which,
                office,
                taxes,
            } => {
                let person = self.someone(who)?;
                let taxpayer_id = person.key.clone();
                let scope = Scope {
                    window: usize::from(which) % WINDOWS.len(),
                    office: usize::from(office).checked_sub(1),
                    ticked: usize::from(taxes) % TICKED.len(),
                };
                // That nothing is to be declared is asked for now and then only.
                if forms(person, scope).is_empty() && !self.serial.is_multiple_of(8) {
                    return None;
                }
                let office = scope.office.and_then(|one| OFFICES.get(one));
                let taxes = TICKED[scope.ticked];
                Asked::DraftDeclaration(pb::DraftDeclarationRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    window: Some(window(scope.window)),
                    tax_authority_code: office.map(|one| one[1].to_owned()).unwrap_or_default(),
                    taxes: taxes.iter().map(|tax| (*tax).into()).collect(),
                })
            }
            Act::Submit { who, draft, way } => {
                let person = self.someone(who)?;
                let draft = Self::draft_for(person, draft, way)?.clone();
                let taxpayer_id = person.key.clone();
                let acknowledged = match way {
                    Filing::WithoutAcknowledging => Vec::new(),
                    _ => ACKNOWLEDGED.map(str::to_owned).to_vec(),
                };
                Asked::SubmitDeclaration(pb::SubmitDeclarationRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    declaration_id: draft.id,
                    content_digest: match way {
                        Filing::OtherDigest => "0".repeat(64),
                        _ => draft.digest,
                    },
                    acknowledged_warnings: acknowledged,
                    validate_only: false,
                })
            }
            Act::Pay {
                who,
                declaration,
                way,
                bank,
            } => {
                let person = self.someone(who)?;
                let filed = Self::to_pay(person, declaration, way)?.clone();
                let taxpayer_id = person.key.clone();
                let total = person.due(&filed, today).collected();
                Asked::CreatePayment(pb::CreatePaymentRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    declaration_id: filed.id,
                    content_digest: match way {
                        Paying::OtherDigest => "0".repeat(64),
                        _ => filed.digest,
                    },
                    total_yuan: match way {
                        Paying::OtherTotal => yuan(total + 1),
                        _ => yuan(total),
                    },
                    agreement_number: agreement(bank),
                    validate_only: false,
                })
            }
            Act::Resolve {
                who,
                payment,
                bank: query,
            } => {
                let person = self.someone(who)?;
                let open = person.payments.iter().filter(|one| one.is_open());
                let payment = pick(open, payment)
                    .or_else(|| pick(person.payments.iter(), payment))?
                    .id
                    .clone();
                let taxpayer_id = person.key.clone();
                bank.tell(&payment, query);
                Asked::ResolvePayment(pb::ResolvePaymentRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    payment_id: payment,
                })
            }
            Act::Settle { who, payment, way } => {
                let person = self.someone(who)?;
                let payment = Self::to_settle(person, payment, way, bank)?.clone();
                let taxpayer_id = person.key.clone();
                let rest = payment.total() - payment.received();
                let serial = payment.parts.len() + 1;
                let last = payment.parts.last().cloned();
                let (reference, amount) = match (way, last) {
                    (Settling::Part, _) if rest > 1 => (format!("P{serial}"), rest / 2),
                    (Settling::OtherPart, Some((reference, amount))) => (reference, amount + 1),
                    (Settling::OtherAmount, _) => (format!("P{serial}"), rest + 1),
                    (Settling::Again, Some(last)) => last,
                    (_, Some(last)) if rest == 0 => last,
                    (_, None) => (String::new(), rest),
                    (_, Some(_)) => (format!("P{serial}"), rest),
                };
                let elsewhere = if payment.treasury == OFFICES[0][2] {
                    1
                } else {
                    0
                };
                Asked::ReportSettlement(pb::ReportSettlementRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    payment_id: match way {
                        Settling::Nobody => crate::support::NOBODY.to_owned(),
                        _ => payment.id.clone(),
                    },
                    amount_yuan: yuan(amount),
                    treasury_code: match way {
                        Settling::OtherTreasury => OFFICES[elsewhere][2].to_owned(),
                        _ => payment.treasury,
                    },
                    bank_reference: bank.order(&payment.id)?.reference,
                    part_reference: reference,
                })
            }
            Act::Void {
                who,
                declaration,
                way,
            } => {
                let person = self.someone(who)?;
                let filed = Self::to_pay(person, declaration, way)?.clone();
                let taxpayer_id = person.key.clone();
                Asked::VoidDeclaration(pb::VoidDeclarationRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    declaration_id: filed.id,
                    content_digest: match way {
                        Paying::OtherDigest => "0".repeat(64),
                        _ => filed.digest,
                    },
                    reason: REASON.to_owned(),
                    validate_only: false,
                })
            }
            Act::Reverse { who, payment } => {
                let person = self.someone(who)?;
                let debited = person.payments.iter().rev();
                let debited = debited.filter(|one| one.state() == Paid::Debited);
                let payment_id = pick(debited, payment)
                    .or_else(|| pick(person.payments.iter(), payment))?
                    .id
                    .clone();
                let taxpayer_id = person.key.clone();
                Asked::ReversePayment(pb::ReversePaymentRequest {
                    request_id: self.mark(),
                    taxpayer_id,
                    payment_id,
                    reason: REASON.to_owned(),
                })
            }
            Act::Sheet { who, sheet, act } => {
                let person = self.someone(who)?;
                let number = pick(person.sheets.iter(), sheet)?.number.clone();
                let taxpayer_id = person.key.clone();
                self.printing(act, taxpayer_id, number)
            }
            Act::Correct {
                who,
                declaration,
                taxes,
                without,
                way,
            } => return self.asking_correction((who, declaration), (taxes, without), way),
            Act::Claim {
                who,
                declaration,
                cause,
                way,
            } => return self.asking_claim((who, declaration, cause), way),
            Act::Decide {
                who,
                refund,
                cause,
                approved,
            } => return self.asking_decision((who, refund, cause), approved),
            Act::SetOff {
                who,
                refund,
                declaration,
                way,
            } => return self.asking_offset((who, refund, declaration), way),
            Act::PayOut { who, refund, way } => {
                return self.asking_pay_out((who, refund), way, today);
            }
            Act::Extend {
                who,
                declaration,
                tax,
                days,
                way,
            } => return self.asking_extension((who, declaration), (tax, days), way, today),
            Act::Inspect { who, window, tax } => return self.asking_inspection(who, window, tax),
            Act::EndInspection { who, inspection } => {
                return self.asking_end_of_inspection(who, inspection);
            }
            Act::CloseCase { who, case } => return self.asking_case(who, case),
            Act::DayFile { who, payment, way } => {
                return self.asking_day_file((who, payment), way, bank, today);
            }
            Act::Import {
                who,
                rows,
                size,
                twice,
            } => return self.asking_import((who, rows), size, twice),
            Act::Batch {
                who,
                items,
                way,
                twice,
            } => return self.asking_batch((who, items), way, twice),
            Act::Repeat { earlier } => {
                // Often one that waits for the bank: it is asked about, never debited again.
                let waits = |one: &&Recorded| matches!(one.known, Known::Pending(_));
                let waiting = pick(self.requests.iter().filter(waits), earlier);
                let waiting = waiting.filter(|_| earlier % 3 == 0);
                let any = pick(self.requests.iter(), earlier)?;
                waiting.unwrap_or(any).asked.clone()
            }
            Act::Reuse { earlier } => pick(self.requests.iter(), earlier)?.asked.altered(),
        };
        Some(asked)
    }
}

//! The script of a taxpayer's life: months with their acts, as the file states them.

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::types::Month;

/// A life as its file states it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Life {
    /// What it is about, for people.
    #[serde(rename = "about")]
    _about: String,
    /// The three-party agreement every payment names.
    pub agreement_number: String,
    /// The taxpayer as registered.
    pub taxpayer: Value,
    /// Region, authority and treasury by a short name, for `place` of a source.
    pub places: Map<String, Value>,
    /// The taxes filed after each month; others are filed by acts of their own.
    pub taxes: Vec<String>,
    /// Day of the following month on which a month is filed, unless it says otherwise.
    pub filing_day: i8,
    /// The months, in order.
    pub months: Vec<MonthScript>,
}

/// One month.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MonthScript {
    /// The month.
    pub month: Month,
    /// What is special about it, for people.
    #[serde(default)]
    pub about: String,
    /// The day its taxes are filed, where it is not the usual one.
    #[serde(default)]
    pub filed_on: Option<Date>,
    /// The day what was filed is paid, where it is another one.
    #[serde(default)]
    pub paid_on: Option<Date>,
    /// What is done in it.
    #[serde(default)]
    pub acts: Vec<Act>,
}

/// Something done on a day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// The day.
    pub on: Date,
    /// What.
    #[serde(rename = "do")]
    pub deed: Deed,
}

/// What can be done. A new kind of deed is a variant here and an arm in `mod.rs`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Deed {
    /// A source is collected: a `TaxSourceInput` with `place` for where it is.
    Collect(Map<String, Value>),
    /// A source is restated.
    Restate(Restatement),
    /// A source is closed, by its name.
    Close(String),
    /// The taxpayer's dated attributes change: fields of an `UpdateTaxpayerRequest`.
    Taxpayer(Value),
    /// Something goes wrong: a `SetFaultRequest` without the taxpayer.
    Fault(Value),
    /// A window is filed and, unless it says otherwise, paid.
    File(Filing),
    /// Everything filed and not paid is paid.
    Pay(Empty),
    /// What was filed is corrected (更正) after its sources were restated, and the rest paid.
    Correct(Correcting),
    /// What was filed and not paid is voided (作废).
    Void(Voiding),
    /// What a correction shows as refundable is claimed back, and an officer approves it.
    Refund(Claiming),
    /// A refund is set against what is filed and not paid (抵缴).
    SetOff(SettingOff),
    /// The treasury pays a refund out (退库): the refund's name.
    PayOut(String),
}

/// How a source is restated: what its file said before, with changes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restatement {
    /// The source's name.
    pub source: String,
    /// Values put at places such as `/landUse/end`.
    #[serde(default)]
    pub set: Map<String, Value>,
    /// Elements added to lists at places such as `/realEstate/leases/0/rents`.
    #[serde(default)]
    pub append: Map<String, Value>,
}

/// What is filed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filing {
    /// The months whose periods end in them.
    pub months: [Month; 2],
    /// Only these taxes, such as `TAX_KIND_STAMP_TAX`.
    pub taxes: Vec<String>,
    /// Only with this tax authority; empty means with each.
    #[serde(default)]
    pub authority: String,
    /// It is paid by a later act.
    #[serde(default)]
    pub pay_later: bool,
}

/// Which of the filings: the newest of a window on which some taxes stand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The months the window was filed for.
    pub months: [Month; 2],
    /// Taxes that stand on it.
    pub taxes: Vec<String>,
}

/// What is corrected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correcting {
    /// The filing; the taxes named are those corrected.
    pub filing: Which,
    /// Why.
    pub reason: String,
}

/// What is voided.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voiding {
    /// The filing.
    pub filing: Which,
    /// Why.
    pub reason: String,
}

/// What is claimed back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claiming {
    /// Its name in the script.
    pub name: String,
    /// The correction that shows it.
    pub filing: Which,
    /// Why, such as `REFUND_CAUSE_OVERPAID`.
    pub cause: String,
    /// The officer's words.
    pub decision: String,
}

/// What is set off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingOff {
    /// The refund's name.
    pub refund: String,
    /// What it is set against.
    pub against: Which,
}

/// Nothing more to say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

impl Life {
    /// Reads a life's file.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Everything done in the life's first months, in order of days, with the filing and payment
    /// that follow each month; acts of one day stand as the file has them.
    pub fn acts(&self, months: usize) -> Vec<Act> {
        let mut acts = Vec::new();
        for script in self.months.iter().take(months) {
            acts.extend(script.acts.iter().cloned());
            acts.push(self.filing(script));
            acts.extend(script.paid_on.map(|on| Act {
                on,
                deed: Deed::Pay(Empty {}),
            }));
        }
        acts.sort_by_key(|act| act.on);
        acts
    }

    /// The filing that follows a month.
    fn filing(&self, script: &MonthScript) -> Act {
        let next = script.month.next();
        let usual = Date::new(next.year(), next.number(), self.filing_day);
        Act {
            on: script
                .filed_on
                .or(usual.ok())
                .unwrap_or_else(|| next.last_day()),
            deed: Deed::File(Filing {
                months: [script.month, script.month],
                taxes: self.taxes.clone(),
                authority: String::new(),
                pay_later: script.paid_on.is_some(),
            }),
        }
    }

    /// What is special about a month.
    pub fn about(&self, month: Month) -> &str {
        let script = self.months.iter().find(|script| script.month == month);
        script.map_or("", |script| &script.about)
    }
}

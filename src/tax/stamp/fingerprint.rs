//! The same document declared twice: by its number, and by a fingerprint of what it says.

use std::collections::BTreeSet;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::catalogue;
use super::item::Item;
use super::source::{Line, Source};
use crate::tax::{Context, Finding, TaxSource};

/// How far the letters of full width (！ to ～) stand from the common ones.
const FULL_WIDTH: u32 = 0xFEE0;

/// A number or name as people mean it: no spaces, one case, one width, one kind of dash.
pub fn normal(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && !letter.is_control())
        .map(|letter| match letter {
            '\u{FF01}'..='\u{FF5E}' => {
                char::from_u32(u32::from(letter) - FULL_WIDTH).unwrap_or(letter)
            }
            _ => letter,
        })
        .map(|letter| match letter {
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            _ => letter,
        })
        .flat_map(char::to_uppercase)
        .collect()
}

impl Source {
    /// The fingerprint of the document: SHA-256, in hex, of its number, day, parties, items and
    /// amounts, whatever their order, width and case. Two sources of one taxpayer with the same
    /// fingerprint say the same; without a number they may still be two like documents.
    pub fn fingerprint(&self) -> String {
        let mut parties: Vec<String> = self
            .counterparties
            .iter()
            .map(|party| match party.taxpayer_id.trim() {
                "" => normal(&party.name),
                id => normal(id),
            })
            .collect();
        parties.sort();
        let mut lines: Vec<String> = self.lines.iter().map(said).collect();
        lines.sort();
        let said = [
            normal(&self.document_number),
            self.signed_on.to_string(),
            parties.join("\u{1f}"),
            lines.join("\u{1f}"),
        ]
        .join("\u{1e}");
        hex::encode(Sha256::digest(said))
    }
}

/// What a line says: item and amount.
pub fn said(line: &Line) -> String {
    let amount = line.amount.map(|amount| amount.to_string());
    let foreign = line.foreign_amount.as_ref().map(|foreign| {
        let amount = foreign.amount.normalize();
        format!("{} {amount}", foreign.currency)
    });
    let capital = line.capital.as_ref().map(|capital| {
        format!(
            "{}+{}-{}",
            capital.paid_in, capital.reserve, capital.taxed_high_water
        )
    });
    let mut items: Vec<&str> = line.other_items.iter().map(|item| item.name()).collect();
    items.sort_unstable();
    items.insert(0, line.item.name());
    let amount = amount.or(foreign).or(capital).unwrap_or_default();
    format!("{}={amount}", items.join("/"))
}

/// What a document declares in a period: each item with the day of its settlement or change, or
/// no day for the signing.
fn declared(source: &Source, ctx: &Context<'_>) -> BTreeSet<(&'static str, Option<Date>)> {
    let mut found = BTreeSet::new();
    let each = |item: Item, day: Date, later: bool| {
        let in_period = ctx.period.contains(day);
        in_period.then_some((item.name(), later.then_some(day)))
    };
    for line in &source.lines {
        for (place, day) in source.days_of(line).enumerate() {
            found.extend(each(line.item, day, place > 0));
        }
    }
    found
}

/// `ST_E14`: the same document number, item and day twice on a declaration.
pub fn duplicate(source: &Source, peers: &[&TaxSource], ctx: &Context<'_>) -> Option<Finding> {
    let number = normal(&source.document_number);
    if number.is_empty() {
        return None;
    }
    let ours = declared(source, ctx);
    let twice = peers.iter().any(|peer| match peer {
        TaxSource::StampTax(peer) => {
            peer.out_of_scope.is_none()
                && normal(&peer.document_number) == number
                && !declared(peer, ctx).is_disjoint(&ours)
        }
        _ => false,
    });
    twice.then(|| {
        catalogue::ST_E14.at(
            "document_number",
            format!("应税凭证编号 {} 重复填报", source.document_number),
            format!("document {} is declared twice", source.document_number),
        )
    })
}

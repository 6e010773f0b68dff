//! The wire form carries every field, and names every wrong one.

use super::{item_to_wire, source, to_wire};
use crate::grpc::convert::Fields;
use crate::pb;
use crate::tax::stamp::{Item, OutOfScope, PriceBasis, PropertyUse, RestructuredBody, Source};

/// Every field filled; a document may not be lawful to be carried faithfully.
fn full() -> Source {
    serde_json::from_value(serde_json::json!({
        "document_number": "HT-2026-001", "document_name": "买卖合同",
        "filing_mode": "PER_OCCURRENCE", "count": 3, "signed_on": "2026-08-15",
        "signed_abroad": true, "role": "RECIPIENT", "unperformed": true,
        "lines": [{
            "item": "SALE", "sub_item": "动产", "other_items": ["LEASE", "LOAN"],
            "amount": "1130000.00", "vat_stated_apart": "130000.00",
            "vat_rate_named": true, "co_parties": 4, "own_share": "0.25",
            "foreign_amount": {"currency": "USD", "amount": "100.1234", "parity": "7.1"},
            "exclusions": [{"kind": "RESEARCH_FUNDS", "amount": "1.00"},
                {"kind": "UNPAID_CAPITAL", "amount": "2.00"},
                {"kind": "FREIGHT_EXTRAS", "amount": "3.00"}],
            "capital": {"paid_in": "4.00", "reserve": "5.00", "taxed_high_water": "6.00"},
            "assessment": {"base": "7.00", "ratio": {"value": "0.80", "document": "通知"}},
            "settlements": [{"settled_on": "2026-09-01", "amount": "8.00",
                "vat_stated_apart": "0.50"}],
            "amendments": [{"amended_on": "2026-09-02", "amount": "9.00",
                "vat_stated_apart": "0.60", "paid": "0.70", "paid_reference": "凭证"}],
            "reliefs": [{"relief_id": "ST_OTHER",
                "period": {"first": "2026-08-01", "last": "2026-08-31"},
                "base_share": "0.5", "ratio": "0.1", "amount": "1.50", "document": "批文"}],
            "prior_paid": "10.00", "prior_paid_reference": "332026000000000001",
            "price_basis": "MARKET", "rate": "0.0003", "interest_free": true,
        }, {"item": "BOOKS"}],
        "counterparties": [
            {"name": "甲", "taxpayer_id": "91340100", "amount": "5.00", "kind": "ENTERPRISE"},
            {"name": "乙", "kind": "FINANCIAL_INSTITUTION"},
            {"name": "丙", "kind": "INDIVIDUAL"}, {"name": "丁", "kind": "PUBLIC_BODY"},
            {"name": "戊"}, {"name": "己", "kind": "SMALL_MICRO_ENTERPRISE"},
            {"name": "庚", "kind": "FARMER"}, {"name": "辛", "kind": "NON_PROFIT_HOSPITAL"},
        ],
        "out_of_scope": "COURT_DOCUMENT", "gift": true,
        "real_property": {"division": "340104", "used_as": "HOUSING"},
        "restructuring": {"body": "ENTERPRISE", "continuing_share": "0.76"},
        "tax_period": {"first": "2026-07-01", "last": "2026-09-30"},
    }))
    .unwrap()
}

fn read(wire: &pb::StampTaxSource) -> (Option<Source>, Vec<String>) {
    let mut violations = Vec::new();
    let found = source(&mut Fields::new(&mut violations), wire);
    let paths = violations.into_iter().map(|one| one.field).collect();
    (found, paths)
}

#[test]
fn nothing_is_lost_on_the_wire() {
    assert_eq!(read(&to_wire(&full())), (Some(full()), Vec::new()));
    for item in Item::ALL {
        let mut one = full();
        one.lines[0].item = *item;
        let back = read(&to_wire(&one)).0.unwrap();
        assert_eq!(back.lines[0].item, *item);
    }
    assert_eq!(Item::ALL.len(), 22);
    for reason in OutOfScope::ALL {
        let mut one = full();
        one.out_of_scope = Some(*reason);
        assert_eq!(read(&to_wire(&one)).0.unwrap(), one);
    }
    for used_as in [PropertyUse::Building, PropertyUse::Land] {
        let mut one = full();
        one.real_property.as_mut().unwrap().used_as = used_as;
        one.restructuring.as_mut().unwrap().body = RestructuredBody::PublicInstitution;
        one.lines[0].price_basis = Some(PriceBasis::Government);
        assert_eq!(read(&to_wire(&one)).0.unwrap(), one);
    }
    assert_ne!(item_to_wire(Item::Sale), 0);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let mut wire = to_wire(&full());
    wire.document_name.clear();
    wire.filing_mode = 0;
    wire.count = 0;
    wire.signed_on = "2026-02-30".to_owned();
    wire.role = 99;
    wire.lines[0].item = 0;
    wire.lines[0].amount_yuan = "1e3".to_owned();
    wire.lines[0].foreign_amount.as_mut().unwrap().currency = "usd".to_owned();
    wire.lines[0].assessment.as_mut().unwrap().ratio = None;
    wire.lines[0].settlements[0].amount_yuan = "-1".to_owned();
    wire.counterparties[4].name.clear();
    wire.lines[0].price_basis = 9;
    wire.lines[0].rate = "千分之一".to_owned();
    wire.out_of_scope = 99;
    wire.real_property = Some(pb::StampRealProperty::default());
    wire.restructuring = Some(pb::StampRestructuring {
        body: 0,
        continuing_share: "1.5".to_owned(),
    });
    wire.tax_period.as_mut().unwrap().last_day = "2026-06-30".to_owned();
    let (found, paths) = read(&wire);
    assert_eq!(found, None);
    assert_eq!(
        paths,
        [
            "document_name",
            "filing_mode",
            "count",
            "signed_on",
            "role",
            "lines[0].item",
            "lines[0].amount_yuan",
            "lines[0].foreign_amount.currency",
            "lines[0].assessment.ratio",
            "lines[0].settlements[0].amount_yuan",
            "lines[0].price_basis",
            "lines[0].rate",
            "counterparties[4].name",
            "out_of_scope",
            "real_property.division_code",
            "real_property.used_as",
            "restructuring.body",
            "restructuring.continuing_share",
            "tax_period",
        ]
    );
}

#[test]
fn long_lists_and_empty_documents_are_refused() {
    let mut wire = to_wire(&full());
    wire.counterparties = vec![pb::StampCounterparty::default(); 51];
    wire.lines.clear();
    assert_eq!(read(&wire).1, ["lines", "counterparties"]);
}

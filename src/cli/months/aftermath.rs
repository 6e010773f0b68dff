//! What follows a filing in a life: it is corrected, voided, refunded.

use super::super::journey::{Failed, ensure};
use super::ledger::PaidBack;
use super::script::{Claiming, Correcting, SettingOff, Voiding, Which};
use super::{Stage, audit, taxes, window};
use crate::pb;

impl Stage {
    /// The place of the newest filing in force that is meant.
    fn which(&self, which: &Which) -> Result<usize, Failed> {
        let taxes = taxes(&which.taxes)?;
        let window = Some(window(which.months));
        let meant = |declaration: &pb::Declaration| {
            let stands = |tax| declaration.lines.iter().any(|line| line.tax() == tax);
            declaration.window == window && taxes.iter().all(|tax| stands(*tax))
        };
        let place = self.outcome.filings.iter().rposition(|one| {
            meant(&one.declaration) && one.declaration.state() != pb::DeclarationState::Voided
        });
        place.ok_or_else(|| format!("nothing is filed that is {which:?}").into())
    }

    pub(super) async fn correct(&mut self, act: &Correcting) -> Result<(), Failed> {
        let place = self.which(&act.filing)?;
        let filed = self.filed(place)?.declaration.clone();
        let taxes = taxes(&act.filing.taxes)?;
        let revision = self.client.correct(&filed, &taxes, &act.reason).await?;
        let corrects = revision.corrects_declaration_id == filed.declaration_id;
        ensure(corrects, "a revision names what it corrects")?;
        self.tally.corrected += 1;
        let place = self.keep(revision);
        self.settle(place).await
    }

    pub(super) async fn void(&mut self, act: &Voiding) -> Result<(), Failed> {
        let place = self.which(&act.filing)?;
        let filed = self.filed(place)?.declaration.clone();
        self.client.void(&filed, &act.reason).await?;
        self.unpaid.retain(|unpaid| *unpaid != place);
        self.tally.voided += 1;
        self.filed(place)?.declaration = self.client.declaration(&filed.declaration_id).await?;
        Ok(())
    }

    /// Claims a refund; the officer approves it.
    pub(super) async fn claim(&mut self, act: &Claiming) -> Result<(), Failed> {
        let place = self.which(&act.filing)?;
        let filed = self.filed(place)?.declaration.clone();
        let cause = pb::RefundCause::from_str_name(&act.cause).ok_or("no such cause")?;
        let claimed = self.client.claim(&filed, cause).await?;
        let refund = self.client.approve(&claimed, &act.decision).await?;
        self.outcome.refunds.push(PaidBack {
            name: act.name.clone(),
            treasury_code: filed.treasury_code,
            refund,
            voucher: None,
        });
        Ok(())
    }

    fn refund(&mut self, name: &str) -> Result<&mut PaidBack, Failed> {
        let mut refunds = self.outcome.refunds.iter_mut();
        let found = refunds.find(|one| one.name == name);
        found.ok_or_else(|| format!("no refund {name}").into())
    }

    /// Sets a refund against what is unpaid; the rest of that is paid later.
    pub(super) async fn set_off(&mut self, act: &SettingOff) -> Result<(), Failed> {
        let place = self.which(&act.against)?;
        let owing = self.filed(place)?.declaration.clone();
        let refund = self.refund(&act.refund)?.refund.clone();
        let payment = self.client.set_off(&refund, &owing).await?;
        self.refund(&act.refund)?.refund = self.client.refund(&refund).await?;
        self.tally.refunded += 1;
        self.prove(place, payment).await
    }

    /// The treasury pays out what is left of a refund.
    pub(super) async fn pay_out(&mut self, name: &str) -> Result<(), Failed> {
        let known = self.refund(name)?.clone();
        self.client
            .pay_out(&known.refund, &known.treasury_code)
            .await?;
        let refund = self.client.refund(&known.refund).await?;
        let number = &refund.voucher_number;
        let voucher = audit::voucher(&self.client, &self.outcome.tax_number, number).await?;
        self.tally.refunded += 1;
        let known = self.refund(name)?;
        (known.refund, known.voucher) = (refund, Some(voucher));
        Ok(())
    }

    /// A life that is cut short between approval and payout ends with the payout.
    pub(super) async fn pay_out_rest(&mut self) -> Result<(), Failed> {
        let approved = |one: &&PaidBack| one.refund.state() == pb::RefundState::Approved;
        let refunds = self.outcome.refunds.iter().filter(approved);
        let names: Vec<String> = refunds.map(|one| one.name.clone()).collect();
        for name in names {
            self.pay_out(&name).await?;
        }
        Ok(())
    }

    /// Reads everything as it is at the end.
    pub(super) async fn look_again(&mut self) -> Result<(), Failed> {
        for filed in &mut self.outcome.filings {
            let id = &filed.declaration.declaration_id;
            filed.declaration = self.client.declaration(id).await?;
            let paid = filed.paid.iter_mut().map(|(payment, _)| payment);
            for payment in paid.chain(&mut filed.refused) {
                *payment = self.client.payment(payment).await?;
            }
        }
        for known in &mut self.outcome.refunds {
            known.refund = self.client.refund(&known.refund).await?;
        }
        Ok(())
    }
}

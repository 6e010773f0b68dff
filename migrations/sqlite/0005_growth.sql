-- What was looked for among all that a taxpayer ever asked, and among all payments ever made, is
-- found by an index: a day costs the same after a million declarations.

-- The request that a payment's answer is waited for by; an answered one leaves it.
CREATE INDEX request_waiting ON request (taxpayer_id, subject_id) WHERE response IS NULL;

-- The orders of a day at a treasury, for its reconciliation.
CREATE INDEX payment_of_treasury ON payment (treasury, created_at);

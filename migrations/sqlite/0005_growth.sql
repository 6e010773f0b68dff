-- What was looked for among all that a taxpayer ever asked is found by an index.

-- The request that a payment's answer is waited for by; an answered one leaves it.
CREATE INDEX request_waiting ON request (taxpayer_id, subject_id) WHERE response IS NULL;

//! What the database must never hold, by the invariants of the design: SQL written for this test
//! alone, that both databases know.

/// One row for each thing that must never be: which rule, and whose.
pub const FORBIDDEN: &str = "
SELECT '1: the lines do not sum to what the declaration says', d.declaration_id
  FROM declaration AS d WHERE d.state <> 'DRAFT' AND (
    (SELECT COALESCE(SUM(
      CASE WHEN l.payable_fen > 0 THEN l.payable_fen ELSE 0 END), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = d.taxpayer_id AND l.declaration_id = d.declaration_id)
    <> d.payable_fen
    OR (SELECT COALESCE(SUM(
      CASE WHEN l.payable_fen < 0 THEN -l.payable_fen ELSE 0 END), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = d.taxpayer_id AND l.declaration_id = d.declaration_id)
    <> d.refundable_fen)
UNION ALL
SELECT '1: the order and what was set off are not what is payable', p.payment_id
  FROM payment AS p JOIN declaration AS d USING (taxpayer_id, declaration_id)
  WHERE p.channel = 'AGREEMENT' AND p.state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')
    AND p.principal_fen + (SELECT COALESCE(SUM(o.principal_fen), 0) FROM payment AS o
      WHERE o.taxpayer_id = p.taxpayer_id AND o.declaration_id = p.declaration_id
        AND o.channel = 'OFFSET') <> d.payable_fen
UNION ALL
SELECT '1: more was paid than is payable', d.declaration_id
  FROM declaration AS d WHERE d.payable_fen < (
    SELECT COALESCE(SUM(p.principal_fen), 0) FROM payment AS p
      WHERE p.taxpayer_id = d.taxpayer_id AND p.declaration_id = d.declaration_id
        AND p.state IN ('IN_TREASURY', 'REFUNDED'))
UNION ALL
SELECT '1: a revision carries another sum than was paid and not refunded before', d.declaration_id
  FROM declaration AS d WHERE d.corrects IS NOT NULL AND d.state <> 'DRAFT' AND (
    SELECT COALESCE(SUM(l.paid_fen), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = d.taxpayer_id AND l.declaration_id = d.declaration_id) <> (
    WITH RECURSIVE earlier (id) AS (
      SELECT d.corrects UNION ALL SELECT e.corrects FROM declaration AS e JOIN earlier
        ON e.taxpayer_id = d.taxpayer_id AND e.declaration_id = earlier.id
        WHERE e.corrects IS NOT NULL)
    SELECT COALESCE(SUM(
      (SELECT COALESCE(SUM(p.principal_fen), 0) FROM payment AS p
        WHERE p.taxpayer_id = d.taxpayer_id AND p.declaration_id = earlier.id
          AND p.state IN ('IN_TREASURY', 'REFUNDED'))
      - (SELECT COALESCE(SUM(r.amount_fen), 0) FROM refund AS r
        WHERE r.taxpayer_id = d.taxpayer_id AND r.declaration_id = earlier.id
          AND r.state = 'PAID')), 0) FROM earlier)
UNION ALL
SELECT '1: more was given back of a payment than it brought, or its state does not say so',
  p.payment_id FROM payment AS p WHERE p.refunded_fen > p.principal_fen
    OR (p.state = 'REFUNDED') <> (p.refunded_fen = p.principal_fen)
UNION ALL
SELECT '1: a refund was set off, and its payments do not show it', r.refund_id
  FROM refund AS r WHERE r.offset_fen <> (
    SELECT COALESCE(SUM(p.principal_fen + p.surcharge_fen), 0) FROM payment AS p
      WHERE p.taxpayer_id = r.taxpayer_id AND p.refund_id = r.refund_id)
UNION ALL
SELECT '1: a refund is used up, and its money does not say so', r.refund_id
  FROM refund AS r WHERE (r.state = 'PAID') <> (r.offset_fen + COALESCE((
    SELECT v.total_fen FROM voucher AS v WHERE v.taxpayer_id = r.taxpayer_id
      AND v.refund_id = r.refund_id AND v.replaced_by IS NULL), 0)
    = r.amount_fen + r.interest_fen AND r.paid_at IS NOT NULL)
UNION ALL
SELECT '1: what was given back of payments is not what refunds used up', p.taxpayer_id
  FROM payment AS p GROUP BY p.taxpayer_id HAVING SUM(p.refunded_fen) <> (
    SELECT COALESCE(SUM(r.amount_fen), 0) FROM refund AS r
      WHERE r.taxpayer_id = p.taxpayer_id AND r.state = 'PAID')
UNION ALL
SELECT '4: a chain of revisions has not one live end', d.declaration_id
  FROM declaration AS d WHERE (d.state = 'CORRECTED') <> (1 = (
    SELECT COUNT(*) FROM declaration AS n WHERE n.taxpayer_id = d.taxpayer_id
      AND n.corrects = d.declaration_id AND n.state <> 'DRAFT'))
UNION ALL
SELECT '8: refunds of a declaration are not what it shows as refundable', r.declaration_id
  FROM refund AS r JOIN declaration AS d USING (taxpayer_id, declaration_id)
  WHERE r.state <> 'REJECTED'
  GROUP BY r.taxpayer_id, r.declaration_id, d.refundable_fen
  HAVING COUNT(*) > 1 OR SUM(r.amount_fen) <> d.refundable_fen
UNION ALL
SELECT '1: a voucher of another total than its payment', v.voucher_number
  FROM voucher AS v JOIN payment AS p USING (taxpayer_id, payment_id)
  WHERE v.kind = 'PAYMENT' AND (v.total_fen <> p.principal_fen + p.surcharge_fen
    OR p.received_fen <> v.total_fen)
UNION ALL
SELECT '2: a source, item and period declared twice', MIN(source_id)
  FROM declaration_line WHERE live = 1
  GROUP BY taxpayer_id, source_id, item, detail, first_day, last_day HAVING COUNT(*) > 1
UNION ALL
SELECT '2: a source and period declared twice', MIN(source_id)
  FROM declared_period WHERE live = 1
  GROUP BY taxpayer_id, source_id, first_day, last_day HAVING COUNT(*) > 1
UNION ALL
SELECT '2: live lines on a declaration that is not', l.declaration_id
  FROM declaration_line AS l JOIN declaration AS d USING (taxpayer_id, declaration_id)
  WHERE (l.live = 1 AND d.state NOT IN ('SUBMITTED', 'AWAITING_PAYMENT', 'COMPLETED'))
    -- A line that only carries what was paid declares nothing.
    OR (l.live = 0 AND d.state IN ('SUBMITTED', 'AWAITING_PAYMENT', 'COMPLETED')
      AND (l.tax_fen <> 0 OR l.relief_fen <> 0 OR l.paid_fen = 0))
UNION ALL
SELECT '3: two live payments', declaration_id
  FROM payment WHERE channel = 'AGREEMENT' AND state NOT IN ('FAILED', 'REVERSED', 'REFUNDED')
  GROUP BY taxpayer_id, declaration_id HAVING COUNT(*) > 1
UNION ALL
SELECT '3: two live vouchers', payment_id
  FROM voucher WHERE state = 'ISSUED'
  GROUP BY taxpayer_id, payment_id, kind, refund_id HAVING COUNT(*) > 1
UNION ALL
SELECT '3: a voucher without money in the treasury', v.voucher_number
  FROM voucher AS v JOIN payment AS p USING (taxpayer_id, payment_id)
  WHERE v.state = 'ISSUED' AND p.state NOT IN ('IN_TREASURY', 'REFUNDED')
UNION ALL
SELECT '3: a sheet replaced by none, or by one of other money', v.voucher_number
  FROM voucher AS v LEFT JOIN voucher AS n
    ON n.taxpayer_id = v.taxpayer_id AND n.voucher_number = v.replaced_by
  WHERE (v.replaced_by IS NOT NULL AND (n.replaces IS NULL OR n.replaces <> v.voucher_number
      OR n.total_fen <> v.total_fen OR n.payment_id <> v.payment_id))
    OR (v.state = 'REPLACED' AND v.replaced_by IS NULL)
UNION ALL
SELECT '3: a voided declaration was paid', d.declaration_id
  FROM declaration AS d WHERE d.state = 'VOIDED' AND EXISTS (
    SELECT 1 FROM payment AS p WHERE p.taxpayer_id = d.taxpayer_id
      AND p.declaration_id = d.declaration_id AND p.state NOT IN ('FAILED', 'REVERSED'))
UNION ALL
SELECT '3: money in the treasury without its voucher', p.payment_id
  FROM payment AS p WHERE p.state = 'IN_TREASURY' AND NOT EXISTS (
    SELECT 1 FROM voucher AS v WHERE v.taxpayer_id = p.taxpayer_id
      AND v.payment_id = p.payment_id AND v.voucher_number = p.voucher_number)
UNION ALL
SELECT '3: completed without its money', d.declaration_id
  FROM declaration AS d WHERE d.state = 'COMPLETED' AND d.payable_fen > 0
    AND d.waived_fen = 0 AND d.payable_fen <> (
    SELECT COALESCE(SUM(p.principal_fen), 0) FROM payment AS p
      WHERE p.taxpayer_id = d.taxpayer_id AND p.declaration_id = d.declaration_id
        AND p.state IN ('IN_TREASURY', 'REFUNDED'))
UNION ALL
SELECT '3: what is not collected is a yuan or more, or paid', d.declaration_id
  FROM declaration AS d WHERE d.waived_fen > 0 AND (d.waived_fen >= 100
    OR d.waived_fen < d.payable_fen - (
      SELECT COALESCE(SUM(o.principal_fen), 0) FROM payment AS o
        WHERE o.taxpayer_id = d.taxpayer_id AND o.declaration_id = d.declaration_id
          AND o.channel = 'OFFSET')
    OR d.state NOT IN ('COMPLETED', 'CORRECTED') OR EXISTS (
    SELECT 1 FROM payment AS p WHERE p.taxpayer_id = d.taxpayer_id
      AND p.declaration_id = d.declaration_id AND p.state = 'IN_TREASURY'
      AND p.channel = 'AGREEMENT'))
UNION ALL
SELECT '3: received is not the sum of its parts', p.payment_id
  FROM payment AS p WHERE p.channel = 'AGREEMENT' AND p.received_fen <> (
    SELECT COALESCE(SUM(s.amount_fen), 0) FROM settlement_part AS s
      WHERE s.taxpayer_id = p.taxpayer_id AND s.payment_id = p.payment_id)
UNION ALL
SELECT '5: an event of a request that was not kept', e.subject_id
  FROM event AS e WHERE e.request_id IS NOT NULL
    -- A report that disagrees is refused and not kept; its case and its money are.
    AND NOT (e.rpc = 'ReconcileDay')
    AND NOT (e.rpc = 'ReportSettlement' AND e.kind IN ('case.opened', 'payment.part_received'))
    AND NOT EXISTS (
    SELECT 1 FROM request AS r WHERE r.taxpayer_id = e.taxpayer_id
      AND r.request_id = e.request_id)
UNION ALL
SELECT '7: an answer that waits although the bank was heard', r.request_id
  FROM request AS r LEFT JOIN payment AS p
    ON p.taxpayer_id = r.taxpayer_id AND p.payment_id = r.subject_id
  WHERE r.method <> 'ImportTaxSources' AND r.response IS NULL AND COALESCE(p.state, '') <> 'SENT'
UNION ALL
SELECT '8: what is refundable reduced what is payable', p.payment_id
  FROM payment AS p WHERE p.channel = 'AGREEMENT' AND p.principal_fen + (
    SELECT COALESCE(SUM(o.principal_fen), 0) FROM payment AS o
      WHERE o.taxpayer_id = p.taxpayer_id AND o.declaration_id = p.declaration_id
        AND o.channel = 'OFFSET') < (
    SELECT COALESCE(SUM(
      CASE WHEN l.payable_fen > 0 THEN l.payable_fen ELSE 0 END), 0) FROM declaration_line AS l
      WHERE l.taxpayer_id = p.taxpayer_id AND l.declaration_id = p.declaration_id)
";

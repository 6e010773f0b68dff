-- Distributes a migrated Caixing over a Citus cluster. Run it on the coordinator in Caixing's
-- database, after `caixing serve` has run its migrations once, and again after each upgrade: what
-- is distributed already is left alone, and all of it happens or nothing.
--
--     psql "$URL" -v ON_ERROR_STOP=1 -f deploy/citus.sql
--
-- Tables are looked for in the first schema of the search_path. Everything a taxpayer has lies on
-- one shard, chosen by taxpayer_id; a voucher number's claim lies on a shard of its own, chosen by
-- the number, for it must be unique over all taxpayers. Stop the service while this runs.

BEGIN;
SET LOCAL client_min_messages TO warning;
-- One connection to each worker: later steps of this transaction see what the earlier ones did.
SET LOCAL citus.multi_shard_modify_mode TO 'sequential';

DO $$
DECLARE
    -- The same rows on every node: few, written once, read with each declaration.
    everywhere CONSTANT TEXT[] := ARRAY['rule_pack'];
    -- On the coordinator alone: a counter, leases, and the list of migrations.
    here CONSTANT TEXT[] := ARRAY['event_numbering', 'worker_lease',
        'database_copy', '_sqlx_migrations'];
    one RECORD;
    apart TEXT[];
    keys TEXT[] := ARRAY[]::TEXT[];
BEGIN
    IF to_regclass('taxpayer') IS NULL OR to_regclass('_sqlx_migrations') IS NULL THEN
        RAISE EXCEPTION 'there is no Caixing in schema %: start caixing serve on it once, or set '
            'search_path', current_schema();
    END IF;
    SELECT array_agg(c.relname::TEXT ORDER BY c.relname) INTO apart
        FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
          AND c.relname <> ALL (here)
          AND NOT EXISTS (SELECT FROM pg_dist_partition AS p WHERE p.logicalrelid = c.oid);
    IF apart IS NULL THEN
        RETURN;
    END IF;

    -- A key between tables of which one is not distributed yet would stand in the way: it is
    -- taken away and comes back below as it was.
    FOR one IN
        SELECT k.conrelid::regclass AS its_table, k.conname, pg_get_constraintdef(k.oid) AS key
        FROM pg_constraint AS k
        JOIN pg_class AS c ON c.oid = k.conrelid
        JOIN pg_class AS t ON t.oid = k.confrelid
        WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace
          AND (c.relname = ANY (apart) OR t.relname = ANY (apart))
    LOOP
        keys := keys || format('ALTER TABLE %s ADD CONSTRAINT %I %s',
            one.its_table, one.conname, one.key);
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.its_table, one.conname);
    END LOOP;

    -- The taxpayer first: the others lie where it lies.
    FOR one IN
        SELECT name, EXISTS (SELECT FROM pg_attribute AS a
            WHERE a.attrelid = to_regclass(name) AND a.attname = 'taxpayer_id') AS has_taxpayer
        FROM unnest(apart) AS name ORDER BY name <> 'taxpayer', name
    LOOP
        IF one.name = 'taxpayer' THEN
            PERFORM create_distributed_table('taxpayer', 'taxpayer_id', colocate_with => 'none');
        ELSIF one.name = 'voucher_number_claim' THEN
            PERFORM create_distributed_table(one.name::regclass, 'voucher_number',
                colocate_with => 'none');
        ELSIF one.name = ANY (everywhere) THEN
            PERFORM create_reference_table(one.name::regclass);
        ELSIF one.has_taxpayer THEN
            PERFORM create_distributed_table(one.name::regclass, 'taxpayer_id',
                colocate_with => 'taxpayer');
        ELSE
            RAISE EXCEPTION 'deploy/citus.sql does not know where the table % belongs', one.name;
        END IF;
    END LOOP;

    FOR one IN SELECT unnest(keys) AS key LOOP
        EXECUTE one.key;
    END LOOP;
END
$$;

COMMIT;

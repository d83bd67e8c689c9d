-- The journal and the rows derived from it. Every primary key leads with the book, and text keys
-- sort bytewise (COLLATE "C"), as SQLite does. All lives in the schema public.
--
-- Guards, so that no client can break the ledger whatever it sends:
--   * rows of the journal are never updated, deleted or truncated;
--   * records have no gap, and a book's head is its last record and only grows;
--   * derived rows name records that the head does not cover yet, so old records gain nothing;
--   * the entries of a record sum to zero within each (entity, fund).

CREATE TABLE head (
    book        TEXT COLLATE "C" PRIMARY KEY,
    size        BIGINT NOT NULL,
    frontier    BYTEA  NOT NULL,
    recorded_at BIGINT NOT NULL
);

-- A record keeps its leaf hash and the roots of the perfect subtrees it completes, smallest first.
CREATE TABLE record (
    book     TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    hashes   BYTEA  NOT NULL CHECK (octet_length(hashes) >= 32 AND octet_length(hashes) % 32 = 0),
    bytes    BYTEA  NOT NULL CHECK (octet_length(bytes) <= 65535),
    PRIMARY KEY (book, position)
);
-- Records are small and already dense; toasting them would cost a second lookup each.
ALTER TABLE record ALTER COLUMN bytes SET STORAGE MAIN;

CREATE TABLE checkpoint (
    book        TEXT COLLATE "C" NOT NULL,
    size        BIGINT NOT NULL,
    root        BYTEA  NOT NULL CHECK (octet_length(root) = 32),
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (book, size)
);

-- The account reads {entity}.{fund}.{code}[.{subject}]; its balance is that of its last entry.
CREATE TABLE entry (
    book         TEXT COLLATE "C" NOT NULL,
    account      TEXT COLLATE "C" NOT NULL,
    position     BIGINT   NOT NULL,
    leg          INTEGER  NOT NULL,
    amount       BIGINT   NOT NULL,
    balance      BIGINT   NOT NULL,
    effective_on INTEGER  NOT NULL,
    late         SMALLINT NOT NULL CHECK (late IN (0, 1)),
    PRIMARY KEY (book, account, position, leg)
);

-- Copies of the late entries, made by a trigger, by control account {entity}.{fund}.{code}.
CREATE TABLE late_entry (
    book         TEXT COLLATE "C" NOT NULL,
    control      TEXT COLLATE "C" NOT NULL,
    position     BIGINT  NOT NULL,
    leg          INTEGER NOT NULL,
    account      TEXT COLLATE "C" NOT NULL,
    effective_on INTEGER NOT NULL,
    amount       BIGINT  NOT NULL,
    PRIMARY KEY (book, control, position, leg)
);

CREATE TABLE account (
    book     TEXT COLLATE "C" NOT NULL,
    account  TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (book, account)
);

-- What was ever put in suspense (code 2901), so that what waits is found among all accounts. Its
-- expression keeps planners from taking the primary key for it.
CREATE INDEX account_suspense ON account (book, (account || '')) WHERE account LIKE '%.2901.%';

-- Totals of control accounts at the end of the batches that touched them.
CREATE TABLE control_point (
    book     TEXT COLLATE "C" NOT NULL,
    control  TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    total    BIGINT NOT NULL,
    PRIMARY KEY (book, control, position)
);

-- Register rows as they are now; their history is in the records. What waits for somebody repeats its
-- id, so that it is found however much was decided before.
CREATE TABLE register_row (
    book     TEXT COLLATE "C" NOT NULL,
    parent   TEXT COLLATE "C" NOT NULL,
    id       TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    value    BYTEA  NOT NULL,
    waiting  TEXT COLLATE "C" CHECK (waiting = id),
    PRIMARY KEY (book, parent, id)
);

CREATE INDEX register_waiting ON register_row (book, parent, waiting) WHERE waiting IS NOT NULL;

-- Which records are about a grant, a lot, a pass or a group, by its row name.
CREATE TABLE mention (
    book     TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (book, name, position)
);

CREATE TABLE receipt (
    book       TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    position   BIGINT NOT NULL,
    digest     BYTEA  NOT NULL,
    PRIMARY KEY (book, request_id)
);

-- Personal text, sealed under its owner's key. Erasing a person destroys the key, not the row.
CREATE TABLE side (
    book       TEXT COLLATE "C" NOT NULL,
    commitment BYTEA NOT NULL CHECK (octet_length(commitment) = 32),
    owner      TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA NOT NULL,
    PRIMARY KEY (book, commitment)
);

-- Guards. They name their search path so that a session's temporary tables cannot deceive them.

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER late_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON late_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER control_point_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON control_point
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER mention_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON mention
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipt_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON receipt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER side_stays BEFORE DELETE OR TRUNCATE ON side
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Text may be sealed under another key of its owner (sealed bytes begin with the key's id), and
-- nothing else of it changes.
CREATE FUNCTION check_side() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.book <> OLD.book OR NEW.commitment <> OLD.commitment OR NEW.owner <> OLD.owner
        OR octet_length(NEW.sealed) <> octet_length(OLD.sealed)
        OR substr(NEW.sealed, 1, 8) = substr(OLD.sealed, 1, 8)
    THEN
        RAISE EXCEPTION 'side is append-only but for the key that seals it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER side_checked BEFORE UPDATE ON side
    FOR EACH ROW EXECUTE FUNCTION check_side();

CREATE FUNCTION check_head() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.size <> 0 OR octet_length(NEW.frontier) <> 0 THEN
            RAISE EXCEPTION 'the head of a new book % is not empty', NEW.book
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.book <> OLD.book OR NEW.size <= OLD.size OR NEW.recorded_at < OLD.recorded_at THEN
        RAISE EXCEPTION 'the head of % may only grow', OLD.book
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.size IS DISTINCT FROM (SELECT max(position) FROM record WHERE book = NEW.book)
        OR NOT EXISTS (SELECT FROM checkpoint WHERE book = NEW.book AND size = NEW.size)
        OR octet_length(NEW.frontier) <> 32 * bit_count(NEW.size::bit(64))
    THEN
        RAISE EXCEPTION 'the head of % is not its last record and checkpoint', NEW.book
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER head_checked BEFORE INSERT OR UPDATE ON head
    FOR EACH ROW EXECUTE FUNCTION check_head();

CREATE FUNCTION check_records() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT book, min(position) AS first, max(position) AS last, count(*) AS n
                     FROM added GROUP BY book) AS a
        LEFT JOIN head AS h ON h.book = a.book
        WHERE h.book IS NULL OR a.first <= h.size OR a.last - a.first + 1 <> a.n
           OR a.first <> 1 + coalesce((SELECT max(r.position) FROM record AS r
                                       WHERE r.book = a.book AND r.position < a.first), 0)
    ) THEN
        RAISE EXCEPTION 'the positions of records have a gap'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER record_checked AFTER INSERT ON record REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_records();

CREATE FUNCTION check_checkpoint() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.size IS DISTINCT FROM (SELECT max(position) FROM record WHERE book = NEW.book)
        OR NEW.size <= (SELECT size FROM head WHERE book = NEW.book)
    THEN
        RAISE EXCEPTION 'the checkpoint of % is not at a new last record', NEW.book
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER checkpoint_checked BEFORE INSERT ON checkpoint
    FOR EACH ROW EXECUTE FUNCTION check_checkpoint();

CREATE FUNCTION check_positions() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT book, min(position) AS first, max(position) AS last
                     FROM added GROUP BY book) AS a
        LEFT JOIN head AS h ON h.book = a.book
        WHERE h.book IS NULL OR a.first <= h.size
           OR a.last > coalesce((SELECT max(r.position) FROM record AS r
                                 WHERE r.book = a.book), 0)
    ) THEN
        RAISE EXCEPTION '% names a record that is not new', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_positions AFTER INSERT ON entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_positions();
CREATE TRIGGER account_positions AFTER INSERT ON account REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_positions();
CREATE TRIGGER control_point_positions AFTER INSERT ON control_point REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_positions();
CREATE TRIGGER mention_positions AFTER INSERT ON mention REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_positions();
CREATE TRIGGER receipt_positions AFTER INSERT ON receipt REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_positions();

CREATE FUNCTION check_entries() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        GROUP BY book, position, split_part(account, '.', 1), split_part(account, '.', 2)
        HAVING sum(amount) <> 0
    ) THEN
        RAISE EXCEPTION 'the entries of a record do not balance'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO late_entry (book, control, position, leg, account, effective_on, amount)
    SELECT book,
           split_part(account, '.', 1) || '.' || split_part(account, '.', 2) || '.'
               || split_part(account, '.', 3),
           position, leg, account, effective_on, amount
    FROM added WHERE late = 1;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_checked AFTER INSERT ON entry REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION check_entries();

CREATE FUNCTION check_late() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM entry AS e
        WHERE e.book = NEW.book AND e.account = NEW.account AND e.position = NEW.position
          AND e.leg = NEW.leg AND e.amount = NEW.amount AND e.effective_on = NEW.effective_on
          AND e.late = 1 AND starts_with(e.account || '.', NEW.control || '.')
    ) THEN
        RAISE EXCEPTION 'a late entry is not a copy of an entry'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER late_entry_checked BEFORE INSERT ON late_entry
    FOR EACH ROW EXECUTE FUNCTION check_late();

-- Appends to many books in one round trip and returns the books that took their part. A book
-- whose head is not of the expected size is left out. Heads are locked in book order; the locks
-- last until the commit, so that every later statement here sees what the head says. Arrays that
-- share a prefix are the columns of one table.
CREATE FUNCTION append_batch(
    head_book TEXT[], head_expected BIGINT[], head_size BIGINT[], head_frontier BYTEA[],
    head_recorded_at BIGINT[], head_root BYTEA[],
    record_book TEXT[], record_position BIGINT[], record_hashes BYTEA[], record_bytes BYTEA[],
    entry_book TEXT[], entry_account TEXT[], entry_position BIGINT[], entry_leg INTEGER[],
    entry_amount BIGINT[], entry_balance BIGINT[], entry_effective_on INTEGER[],
    entry_late SMALLINT[],
    account_book TEXT[], account_name TEXT[], account_position BIGINT[],
    control_book TEXT[], control_name TEXT[], control_position BIGINT[], control_total BIGINT[],
    row_book TEXT[], row_parent TEXT[], row_id TEXT[], row_position BIGINT[], row_value BYTEA[],
    row_waiting TEXT[],
    mention_book TEXT[], mention_name TEXT[], mention_position BIGINT[],
    receipt_book TEXT[], receipt_request TEXT[], receipt_position BIGINT[], receipt_digest BYTEA[],
    side_book TEXT[], side_commitment BYTEA[], side_owner TEXT[], side_sealed BYTEA[]
) RETURNS TEXT[] LANGUAGE plpgsql AS $$
DECLARE
    part  RECORD;
    found BIGINT;
    taken TEXT[] := '{}';
BEGIN
    -- Answered means durable, whatever the server's default.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    FOR part IN SELECT b.book, b.expected FROM unnest(head_book, head_expected) AS b(book, expected)
                ORDER BY b.book COLLATE "C" LOOP
        IF part.expected = 0 THEN
            INSERT INTO head VALUES (part.book, 0, '', 0) ON CONFLICT DO NOTHING;
        END IF;
        SELECT h.size INTO found FROM head AS h WHERE h.book = part.book FOR UPDATE;
        IF found = part.expected THEN
            taken := taken || part.book;
        END IF;
    END LOOP;
    -- A request that was decided before: its book is left out, and decided again by the caller.
    taken := ARRAY(
        SELECT t.book FROM unnest(taken) AS t(book)
        EXCEPT
        SELECT k.book FROM unnest(receipt_book, receipt_request) AS k(book, request)
            CROSS JOIN LATERAL (
                SELECT 1 FROM receipt AS r
                WHERE r.book = k.book AND r.request_id = k.request LIMIT 1) AS r);
    IF cardinality(taken) = 0 THEN
        RETURN taken;
    END IF;

    INSERT INTO record
    SELECT * FROM unnest(record_book, record_position, record_hashes, record_bytes)
        AS r(book, position, hashes, bytes) WHERE r.book = ANY (taken);
    INSERT INTO checkpoint
    SELECT * FROM unnest(head_book, head_size, head_root, head_recorded_at)
        AS c(book, size, root, recorded_at) WHERE c.book = ANY (taken);
    IF cardinality(entry_book) > 0 THEN
        INSERT INTO entry
        SELECT * FROM unnest(entry_book, entry_account, entry_position, entry_leg, entry_amount,
                             entry_balance, entry_effective_on, entry_late)
            AS e(book, account, position, leg, amount, balance, effective_on, late)
            WHERE e.book = ANY (taken);
        INSERT INTO control_point
        SELECT * FROM unnest(control_book, control_name, control_position, control_total)
            AS c(book, control, position, total) WHERE c.book = ANY (taken);
    END IF;
    IF cardinality(account_book) > 0 THEN
        INSERT INTO account
        SELECT * FROM unnest(account_book, account_name, account_position)
            AS a(book, account, position) WHERE a.book = ANY (taken);
    END IF;
    IF cardinality(row_book) > 0 THEN
        INSERT INTO register_row AS old
        SELECT * FROM unnest(row_book, row_parent, row_id, row_position, row_value, row_waiting)
            AS r(book, parent, id, position, value, waiting) WHERE r.book = ANY (taken)
        ON CONFLICT (book, parent, id)
            DO UPDATE SET position = excluded.position, value = excluded.value,
                waiting = excluded.waiting;
    END IF;
    IF cardinality(mention_book) > 0 THEN
        INSERT INTO mention
        SELECT * FROM unnest(mention_book, mention_name, mention_position)
            AS m(book, name, position) WHERE m.book = ANY (taken);
    END IF;
    IF cardinality(receipt_book) > 0 THEN
        INSERT INTO receipt
        SELECT * FROM unnest(receipt_book, receipt_request, receipt_position, receipt_digest)
            AS r(book, request_id, position, digest) WHERE r.book = ANY (taken);
    END IF;
    IF cardinality(side_book) > 0 THEN
        INSERT INTO side
        SELECT * FROM unnest(side_book, side_commitment, side_owner, side_sealed)
            AS s(book, commitment, owner, sealed) WHERE s.book = ANY (taken);
    END IF;

    UPDATE head AS h SET size = n.size, frontier = n.frontier, recorded_at = n.recorded_at
    FROM unnest(head_book, head_size, head_frontier, head_recorded_at)
        AS n(book, size, frontier, recorded_at)
    WHERE h.book = n.book AND n.book = ANY (taken);
    RETURN taken;
END $$;

-- For analysts: rupiah and calendar dates.

CREATE VIEW entries_readable AS
SELECT book, account, position, leg,
       (amount::numeric / 100)::numeric(20, 2) AS rupiah,
       (balance::numeric / 100)::numeric(20, 2) AS balance_rupiah,
       DATE '1970-01-01' + effective_on AS effective_on,
       late = 1 AS late
FROM entry;

CREATE VIEW checkpoints_readable AS
SELECT book, size, encode(root, 'hex') AS root,
       to_timestamp(recorded_at / 1000000.0) AS recorded_at
FROM checkpoint;

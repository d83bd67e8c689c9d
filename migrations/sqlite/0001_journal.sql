-- The journal and the rows derived from it. Every primary key leads with the book.
--
-- Guards, so that no client can break the ledger whatever it sends:
--   * rows of the journal are never updated, deleted or replaced;
--   * records have no gap, and a book's head is its last record and only grows;
--   * derived rows name records that the head does not cover yet, so old records gain nothing;
--   * the entries of a record sum to zero within each (entity, fund).

CREATE TABLE head (
    book        TEXT    NOT NULL PRIMARY KEY,
    size        INTEGER NOT NULL,
    frontier    BLOB    NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A record keeps its leaf hash and the roots of the perfect subtrees it completes, smallest first.
CREATE TABLE record (
    book     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    hashes   BLOB    NOT NULL CHECK (length(hashes) >= 32 AND length(hashes) % 32 = 0),
    bytes    BLOB    NOT NULL CHECK (length(bytes) <= 65535),
    PRIMARY KEY (book, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    book        TEXT    NOT NULL,
    size        INTEGER NOT NULL,
    root        BLOB    NOT NULL CHECK (length(root) = 32),
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (book, size)
) STRICT, WITHOUT ROWID;

-- The account reads {entity}.{fund}.{code}[.{subject}]; its balance is that of its last entry.
CREATE TABLE entry (
    book         TEXT    NOT NULL,
    account      TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    leg          INTEGER NOT NULL,
    amount       INTEGER NOT NULL,
    balance      INTEGER NOT NULL,
    effective_on INTEGER NOT NULL,
    late         INTEGER NOT NULL CHECK (late IN (0, 1)),
    PRIMARY KEY (book, account, position, leg)
) STRICT, WITHOUT ROWID;

-- Copies of the late entries, made by a trigger, by control account {entity}.{fund}.{code}.
CREATE TABLE late_entry (
    book         TEXT    NOT NULL,
    control      TEXT    NOT NULL,
    position     INTEGER NOT NULL,
    leg          INTEGER NOT NULL,
    account      TEXT    NOT NULL,
    effective_on INTEGER NOT NULL,
    amount       INTEGER NOT NULL,
    PRIMARY KEY (book, control, position, leg)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    book     TEXT    NOT NULL,
    account  TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (book, account)
) STRICT, WITHOUT ROWID;

-- What was ever put in suspense (code 2901), so that what waits is found among all accounts. Its
-- expression keeps planners from taking the primary key for it.
CREATE INDEX account_suspense ON account (book, (account || '')) WHERE account LIKE '%.2901.%';

-- Totals of control accounts at the end of the batches that touched them.
CREATE TABLE control_point (
    book     TEXT    NOT NULL,
    control  TEXT    NOT NULL,
    position INTEGER NOT NULL,
    total    INTEGER NOT NULL,
    PRIMARY KEY (book, control, position)
) STRICT, WITHOUT ROWID;

-- Register rows as they are now; their history is in the records. What waits for somebody repeats its
-- id, so that it is found however much was decided before.
CREATE TABLE register_row (
    book     TEXT    NOT NULL,
    parent   TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    position INTEGER NOT NULL,
    value    BLOB    NOT NULL,
    waiting  TEXT    CHECK (waiting = id),
    PRIMARY KEY (book, parent, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX register_waiting ON register_row (book, parent, waiting) WHERE waiting IS NOT NULL;

-- Which records are about a grant, a lot, a pass or a group, by its row name.
CREATE TABLE mention (
    book     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (book, name, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    book       TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    position   INTEGER NOT NULL,
    digest     BLOB    NOT NULL,
    PRIMARY KEY (book, request_id)
) STRICT, WITHOUT ROWID;

-- Personal text, sealed under its owner's key. Erasing a person destroys the key, not the row.
CREATE TABLE side (
    book       TEXT NOT NULL,
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    owner      TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (book, commitment)
) STRICT, WITHOUT ROWID;

-- Guards. INSERT OR REPLACE deletes without firing delete triggers, so tables whose key does not
-- contain a new position also refuse keys that exist.

CREATE TRIGGER head_stays BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'head is append-only'); END;
CREATE TRIGGER record_fixed BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'record is append-only'); END;
CREATE TRIGGER record_stays BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'record is append-only'); END;
CREATE TRIGGER checkpoint_fixed BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;
CREATE TRIGGER checkpoint_stays BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoint is append-only'); END;
CREATE TRIGGER entry_fixed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END;
CREATE TRIGGER late_entry_fixed BEFORE UPDATE ON late_entry
BEGIN SELECT RAISE(ABORT, 'late_entry is append-only'); END;
CREATE TRIGGER late_entry_stays BEFORE DELETE ON late_entry
BEGIN SELECT RAISE(ABORT, 'late_entry is append-only'); END;
CREATE TRIGGER account_fixed BEFORE UPDATE ON account
BEGIN SELECT RAISE(ABORT, 'account is append-only'); END;
CREATE TRIGGER account_stays BEFORE DELETE ON account
BEGIN SELECT RAISE(ABORT, 'account is append-only'); END;
CREATE TRIGGER control_point_fixed BEFORE UPDATE ON control_point
BEGIN SELECT RAISE(ABORT, 'control_point is append-only'); END;
CREATE TRIGGER control_point_stays BEFORE DELETE ON control_point
BEGIN SELECT RAISE(ABORT, 'control_point is append-only'); END;
CREATE TRIGGER mention_fixed BEFORE UPDATE ON mention
BEGIN SELECT RAISE(ABORT, 'mention is append-only'); END;
CREATE TRIGGER mention_stays BEFORE DELETE ON mention
BEGIN SELECT RAISE(ABORT, 'mention is append-only'); END;
CREATE TRIGGER receipt_fixed BEFORE UPDATE ON receipt
BEGIN SELECT RAISE(ABORT, 'receipt is append-only'); END;
CREATE TRIGGER receipt_stays BEFORE DELETE ON receipt
BEGIN SELECT RAISE(ABORT, 'receipt is append-only'); END;
-- Text may be sealed under another key of its owner (sealed bytes begin with the key's id), and
-- nothing else of it changes.
CREATE TRIGGER side_fixed BEFORE UPDATE ON side
WHEN NEW.book <> OLD.book OR NEW.commitment <> OLD.commitment OR NEW.owner <> OLD.owner
    OR length(NEW.sealed) <> length(OLD.sealed)
    OR substr(NEW.sealed, 1, 8) = substr(OLD.sealed, 1, 8)
BEGIN SELECT RAISE(ABORT, 'side is append-only but for the key that seals it'); END;
CREATE TRIGGER side_stays BEFORE DELETE ON side
BEGIN SELECT RAISE(ABORT, 'side is append-only'); END;

CREATE TRIGGER head_opened BEFORE INSERT ON head
WHEN NEW.size <> 0 OR length(NEW.frontier) <> 0
    OR EXISTS (SELECT 1 FROM head WHERE book = NEW.book)
BEGIN SELECT RAISE(ABORT, 'the head of a new book is not empty'); END;

CREATE TRIGGER head_checked BEFORE UPDATE ON head
BEGIN
    SELECT RAISE(ABORT, 'the head of a book may only grow')
    WHERE NEW.book <> OLD.book OR NEW.size <= OLD.size OR NEW.recorded_at < OLD.recorded_at;
    SELECT RAISE(ABORT, 'the head of a book is not its last record and checkpoint')
    WHERE NEW.size IS NOT (SELECT max(position) FROM record WHERE book = NEW.book)
       OR NOT EXISTS (SELECT 1 FROM checkpoint WHERE book = NEW.book AND size = NEW.size)
       OR length(NEW.frontier) = 0 OR length(NEW.frontier) % 32 <> 0;
END;

CREATE TRIGGER record_checked BEFORE INSERT ON record
WHEN NEW.position IS NOT (
    SELECT 1 + max(size, coalesce((SELECT max(position) FROM record WHERE book = NEW.book), 0))
    FROM head WHERE book = NEW.book)
BEGIN SELECT RAISE(ABORT, 'the positions of records have a gap'); END;

-- The records of a book that its head does not cover yet: those that new derived rows may name.
CREATE VIEW open_range AS
SELECT book, size + 1 AS first,
       (SELECT max(position) FROM record WHERE record.book = head.book) AS last
FROM head;

CREATE TRIGGER checkpoint_checked BEFORE INSERT ON checkpoint
WHEN NOT EXISTS (SELECT 1 FROM open_range
                 WHERE book = NEW.book AND first <= NEW.size AND last = NEW.size)
BEGIN SELECT RAISE(ABORT, 'the checkpoint is not at a new last record'); END;

CREATE TRIGGER account_checked BEFORE INSERT ON account
WHEN NOT EXISTS (SELECT 1 FROM open_range
                 WHERE book = NEW.book AND NEW.position BETWEEN first AND last)
BEGIN SELECT RAISE(ABORT, 'account names a record that is not new'); END;

CREATE TRIGGER account_new BEFORE INSERT ON account
WHEN EXISTS (SELECT 1 FROM account WHERE book = NEW.book AND account = NEW.account)
BEGIN SELECT RAISE(ABORT, 'account is there already'); END;

CREATE TRIGGER control_point_checked BEFORE INSERT ON control_point
WHEN NOT EXISTS (SELECT 1 FROM open_range
                 WHERE book = NEW.book AND NEW.position BETWEEN first AND last)
BEGIN SELECT RAISE(ABORT, 'control_point names a record that is not new'); END;

CREATE TRIGGER mention_checked BEFORE INSERT ON mention
WHEN NOT EXISTS (SELECT 1 FROM open_range
                 WHERE book = NEW.book AND NEW.position BETWEEN first AND last)
BEGIN SELECT RAISE(ABORT, 'mention names a record that is not new'); END;

CREATE TRIGGER receipt_checked BEFORE INSERT ON receipt
WHEN NOT EXISTS (SELECT 1 FROM open_range
                 WHERE book = NEW.book AND NEW.position BETWEEN first AND last)
BEGIN SELECT RAISE(ABORT, 'receipt names a record that is not new'); END;

CREATE TRIGGER receipt_new BEFORE INSERT ON receipt
WHEN EXISTS (SELECT 1 FROM receipt WHERE book = NEW.book AND request_id = NEW.request_id)
BEGIN SELECT RAISE(ABORT, 'receipt is there already'); END;

CREATE TRIGGER side_new BEFORE INSERT ON side
WHEN EXISTS (SELECT 1 FROM side WHERE book = NEW.book AND commitment = NEW.commitment)
BEGIN SELECT RAISE(ABORT, 'side is there already'); END;

CREATE TRIGGER late_entry_checked BEFORE INSERT ON late_entry
WHEN NOT EXISTS (
    SELECT 1 FROM entry AS e
    WHERE e.book = NEW.book AND e.account = NEW.account AND e.position = NEW.position
      AND e.leg = NEW.leg AND e.amount = NEW.amount AND e.effective_on = NEW.effective_on
      AND e.late = 1
      AND substr(e.account || '.', 1, length(NEW.control) + 1) = NEW.control || '.')
    OR EXISTS (SELECT 1 FROM late_entry WHERE book = NEW.book AND control = NEW.control
               AND position = NEW.position AND leg = NEW.leg)
BEGIN SELECT RAISE(ABORT, 'a late entry is not a copy of an entry'); END;

-- The one way to write entries: insert them here, as a JSON array of
-- [account, position, leg, amount, balance, effective_on, late]. The trigger checks the batch,
-- writes it and empties this table again, so that between statements the table is always empty,
-- and `entry` takes rows only while it is not: no direct insert finds it so.
CREATE TABLE entry_batch (
    book    TEXT NOT NULL,
    entries TEXT NOT NULL
) STRICT;

CREATE TRIGGER entry_checked BEFORE INSERT ON entry
WHEN NOT EXISTS (SELECT 1 FROM entry_batch)
    OR EXISTS (SELECT 1 FROM entry WHERE book = NEW.book AND account = NEW.account
               AND position = NEW.position AND leg = NEW.leg)
BEGIN SELECT RAISE(ABORT, 'entries are written through entry_batch, each once'); END;

CREATE TRIGGER entry_batch_written AFTER INSERT ON entry_batch
BEGIN
    SELECT RAISE(ABORT, 'the entries of a record do not balance, or it is not new')
    WHERE EXISTS (
        SELECT 1 FROM (
            SELECT e.value ->> 0 AS account, e.value ->> 1 AS position, e.value ->> 3 AS amount
            FROM json_each(NEW.entries) AS e)
        GROUP BY position,
                 substr(account, 1, instr(account, '.')
                     + instr(substr(account, instr(account, '.') + 1), '.') - 1)
        HAVING sum(amount) <> 0
            OR NOT EXISTS (SELECT 1 FROM open_range
                           WHERE book = NEW.book AND position BETWEEN first AND last));
    INSERT INTO entry (book, account, position, leg, amount, balance, effective_on, late)
    SELECT NEW.book, e.value ->> 0, e.value ->> 1, e.value ->> 2, e.value ->> 3, e.value ->> 4,
           e.value ->> 5, e.value ->> 6
    FROM json_each(NEW.entries) AS e;
    INSERT INTO late_entry (book, control, position, leg, account, effective_on, amount)
    SELECT NEW.book,
           CASE instr(rest, '.')
               WHEN 0 THEN account
               ELSE substr(account, 1, ledger + instr(rest, '.'))
           END,
           position, leg, account, effective_on, amount
    FROM (
        SELECT *, substr(account, ledger + 2) AS rest
        FROM (
            SELECT *, instr(account, '.')
                       + instr(substr(account, instr(account, '.') + 1), '.') - 1 AS ledger
            FROM (
                SELECT e.value ->> 0 AS account, e.value ->> 1 AS position,
                       e.value ->> 2 AS leg, e.value ->> 3 AS amount,
                       e.value ->> 5 AS effective_on
                FROM json_each(NEW.entries) AS e WHERE e.value ->> 6 = 1)));
    DELETE FROM entry_batch;
END;

-- Moves heads; an upsert would fire the guard for new books.
CREATE VIEW head_batch AS SELECT book, size, frontier, recorded_at FROM head;

CREATE TRIGGER head_batch_written INSTEAD OF INSERT ON head_batch
BEGIN
    UPDATE head
    SET size = NEW.size, frontier = NEW.frontier, recorded_at = NEW.recorded_at
    WHERE book = NEW.book;
END;

-- For analysts: rupiah and calendar dates.

CREATE VIEW entries_readable AS
SELECT book, account, position, leg,
       printf('%s%d.%02d', iif(amount < 0, '-', ''), abs(amount / 100), abs(amount % 100))
           AS rupiah,
       printf('%s%d.%02d', iif(balance < 0, '-', ''), abs(balance / 100), abs(balance % 100))
           AS balance_rupiah,
       date(effective_on * 86400, 'unixepoch') AS effective_on,
       late
FROM entry;

CREATE VIEW checkpoints_readable AS
SELECT book, size, lower(hex(root)) AS root,
       strftime('%Y-%m-%dT%H:%M:%SZ', recorded_at / 1000000, 'unixepoch') AS recorded_at
FROM checkpoint;

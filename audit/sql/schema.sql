-- The record. One table by month; rows are only ever added, by audit.append alone.
CREATE TABLE audit.event (
    at            timestamptz NOT NULL,
    id            uuid        NOT NULL,
    xact          xid8        NOT NULL,
    kind          varchar(64) COLLATE "C" NOT NULL,
    actor_id      bigint,
    actor         varchar(150),
    aor           varchar(32),
    on_behalf_of  text,
    plate         varchar(10) COLLATE "C",
    state         varchar(2)  COLLATE "C",
    reason        varchar(32),
    query         uuid,
    nonce         bytea       NOT NULL,
    leaf          bytea       NOT NULL,
    payload       text        NOT NULL,
    CONSTRAINT event_key PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);

-- What audit.append copies out of a payload into the columns of the same names.
CREATE TYPE audit.copied AS (
    actor_id     bigint,
    actor        varchar(150),
    aor          varchar(32),
    on_behalf_of text,
    plate        varchar(10) COLLATE "C",
    state        varchar(2)  COLLATE "C",
    reason       varchar(32),
    query        uuid
);

-- Each index serves one question of the audit search (AUD-3); text is found whatever its case.
CREATE INDEX event_by_actor ON audit.event (actor_id, at);
CREATE INDEX event_by_actor_name ON audit.event (lower(actor), at);
CREATE INDEX event_by_plate ON audit.event (plate, state, at) WHERE plate IS NOT NULL;
CREATE INDEX event_by_person_named ON audit.event (lower(on_behalf_of), at) WHERE on_behalf_of IS NOT NULL;
CREATE INDEX event_by_reason ON audit.event (lower(reason), at) WHERE reason IS NOT NULL;
CREATE INDEX event_by_aor ON audit.event (lower(aor), at) WHERE aor IS NOT NULL;
CREATE INDEX event_by_query ON audit.event (query, at) WHERE query IS NOT NULL;
CREATE INDEX event_by_kind ON audit.event (kind, at);

-- What the sealer has not yet put into the tree. A queue, because "id > last" loses rows that commit late.
CREATE TABLE audit.unsealed (
    at   timestamptz NOT NULL,
    id   uuid        NOT NULL,
    leaf bytea       NOT NULL
);

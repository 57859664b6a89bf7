-- The store of plate reads: a table by month with one key that serves look-up, de-duplication and distribution (decision 4).
-- Columns stand from wide to narrow, so that a row has no padding. No foreign key leads to or from reads.
CREATE TABLE store.read (
    captured_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    stored_at    timestamptz NOT NULL,
    record_id    uuid        NOT NULL,
    latitude_e6  integer     NOT NULL,
    longitude_e6 integer     NOT NULL,
    source_id    integer     NOT NULL,
    camera_id    integer     NOT NULL,
    place_id     integer     NOT NULL,
    make_id      integer     NOT NULL,
    model_id     integer     NOT NULL,
    confidence   smallint,
    plate_photo_cut boolean  NOT NULL,
    plate        varchar(10) COLLATE "C" NOT NULL,
    state        varchar(2)  COLLATE "C" NOT NULL,
    CONSTRAINT read_key PRIMARY KEY (plate, state, captured_at, record_id)
) PARTITION BY RANGE (captured_at);

-- Words that many reads share are stored once.
CREATE TABLE store.make   (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(200) NOT NULL UNIQUE);
CREATE TABLE store.model  (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(200) NOT NULL UNIQUE);
CREATE TABLE store.camera (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source_id integer NOT NULL,
                           name varchar(200) NOT NULL, UNIQUE (source_id, name));
CREATE TABLE store.place  (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state varchar(2) NOT NULL,
                           zone varchar(64) NOT NULL, address varchar(200) NOT NULL, intersection varchar(200) NOT NULL,
                           address_is_approximate boolean NOT NULL,
                           UNIQUE (state, zone, address, intersection, address_is_approximate));

-- What a record id held when it came first, by the week of its loading, for 60 days (DAT-3).
CREATE TABLE store.recent_record (
    record_id uuid  NOT NULL,
    week      date  NOT NULL,
    digest    bytea NOT NULL,
    CONSTRAINT recent_record_key PRIMARY KEY (record_id, week)
) PARTITION BY RANGE (week);

-- A plate is never updated: a correction is a new row, and this marker on the old one hides it from then on (decision 15).
CREATE TABLE store.read_marker (
    plate       varchar(10) COLLATE "C" NOT NULL,
    state       varchar(2)  COLLATE "C" NOT NULL,
    captured_at timestamptz NOT NULL,
    record_id   uuid        NOT NULL,
    kind        varchar(10) NOT NULL CHECK (kind IN ('corrected', 'withdrawn')),
    marked_at   timestamptz NOT NULL,
    CONSTRAINT read_marker_key PRIMARY KEY (plate, state, captured_at, record_id)
);

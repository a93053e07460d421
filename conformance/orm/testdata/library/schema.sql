CREATE TABLE members (
	id        INTEGER PRIMARY KEY,
	name      TEXT NOT NULL UNIQUE,
	email     TEXT,
	joined_at DATETIME NOT NULL
);

CREATE TABLE loans (
	id          INTEGER PRIMARY KEY,
	member_id   INTEGER NOT NULL REFERENCES members (id),
	book        TEXT NOT NULL,
	fee         REAL NOT NULL DEFAULT 0,
	returned    BOOLEAN NOT NULL DEFAULT FALSE,
	returned_at DATETIME
);

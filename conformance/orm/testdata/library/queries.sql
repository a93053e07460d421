-- name: AddMember :one
INSERT INTO members (name, email, joined_at) VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE SET email = excluded.email
RETURNING *;

-- name: Member :one
SELECT * FROM members WHERE id = ? LIMIT 1;

-- name: Members :many
SELECT * FROM members WHERE joined_at >= @since AND name IN (sqlc.slice('names')) ORDER BY name;

-- name: Lend :execlastid
INSERT INTO loans (member_id, book, fee) VALUES (?, ?, ?);

-- name: GiveBack :execrows
UPDATE loans SET returned = TRUE, returned_at = sqlc.arg(at) WHERE book = sqlc.arg(book) AND NOT returned;

-- name: Forget :exec
DELETE FROM loans WHERE returned AND fee = coalesce(sqlc.narg(fee), fee);

-- name: LoansOf :many
SELECT sqlc.embed(loans), members.name AS member
FROM loans JOIN members ON members.id = loans.member_id
WHERE members.name = ? ORDER BY loans.id;

-- name: Fees :one
SELECT count(*) AS loans, CAST(coalesce(sum(fee), 0) AS REAL) AS total FROM loans;

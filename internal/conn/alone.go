package conn

import "math/bits"

// Alone is why a statement that writes was not run together with others.
type Alone uint8

const (
	together Alone = iota // nothing speaks against it

	AloneNobodyWaits
	AloneOff
	AloneKind
	AloneTransaction
	AloneChanged
	AloneCounters
	AloneRows
	AloneLong
	AloneLarge
	AloneNoWait
	AloneAgain
)

var aloneTexts = [...]string{
	together:         "",
	AloneNobodyWaits: "nobody else was waiting to write",
	AloneOff:         "the database is in memory, or gathering is off",
	AloneKind:        "not a single INSERT, UPDATE, DELETE or REPLACE",
	AloneTransaction: "in a transaction, or while rows or a BLOB were open",
	AloneChanged:     "the connection is not as it was opened",
	AloneCounters:    "asks for changes(), total_changes() or last_insert_rowid()",
	AloneRows:        "returns many rows",
	AloneLong:        "has taken long before",
	AloneLarge:       "has large arguments or a long text",
	AloneNoWait:      "the busy timeout is 0",
	AloneAgain:       "its group could not be committed",
}

// String returns the reason in words.
func (a Alone) String() string { return aloneTexts[a] }

// SizeClasses is the number of classes by which the sizes of groups are counted.
const SizeClasses = 8

// sizeClass returns the class of a group: 0 for 2 statements, 1 for up to 4, 2 for up to 8, and so on.
func sizeClass(members int) int {
	return min(max(bits.Len(uint(members-1))-1, 0), SizeClasses-1)
}

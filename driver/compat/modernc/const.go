package sqlite

import sqlite3 "github.com/turso-coop/turso-coop/driver/compat/modernc/lib"

// AuthorizerActionCode is what an authorizer is asked about: https://sqlite.org/c3ref/c_alter_table.html
type AuthorizerActionCode int32

// What an authorizer is asked about.
const (
	AuthCreateIndex       AuthorizerActionCode = sqlite3.SQLITE_CREATE_INDEX
	AuthCreateTable       AuthorizerActionCode = sqlite3.SQLITE_CREATE_TABLE
	AuthCreateTempIndex   AuthorizerActionCode = sqlite3.SQLITE_CREATE_TEMP_INDEX
	AuthCreateTempTable   AuthorizerActionCode = sqlite3.SQLITE_CREATE_TEMP_TABLE
	AuthCreateTempTrigger AuthorizerActionCode = sqlite3.SQLITE_CREATE_TEMP_TRIGGER
	AuthCreateTempView    AuthorizerActionCode = sqlite3.SQLITE_CREATE_TEMP_VIEW
	AuthCreateTrigger     AuthorizerActionCode = sqlite3.SQLITE_CREATE_TRIGGER
	AuthCreateView        AuthorizerActionCode = sqlite3.SQLITE_CREATE_VIEW
	AuthDelete            AuthorizerActionCode = sqlite3.SQLITE_DELETE
	AuthDropIndex         AuthorizerActionCode = sqlite3.SQLITE_DROP_INDEX
	AuthDropTable         AuthorizerActionCode = sqlite3.SQLITE_DROP_TABLE
	AuthDropTempIndex     AuthorizerActionCode = sqlite3.SQLITE_DROP_TEMP_INDEX
	AuthDropTempTable     AuthorizerActionCode = sqlite3.SQLITE_DROP_TEMP_TABLE
	AuthDropTempTrigger   AuthorizerActionCode = sqlite3.SQLITE_DROP_TEMP_TRIGGER
	AuthDropTempView      AuthorizerActionCode = sqlite3.SQLITE_DROP_TEMP_VIEW
	AuthDropTrigger       AuthorizerActionCode = sqlite3.SQLITE_DROP_TRIGGER
	AuthDropView          AuthorizerActionCode = sqlite3.SQLITE_DROP_VIEW
	AuthInsert            AuthorizerActionCode = sqlite3.SQLITE_INSERT
	AuthPragma            AuthorizerActionCode = sqlite3.SQLITE_PRAGMA
	AuthRead              AuthorizerActionCode = sqlite3.SQLITE_READ
	AuthSelect            AuthorizerActionCode = sqlite3.SQLITE_SELECT
	AuthTransaction       AuthorizerActionCode = sqlite3.SQLITE_TRANSACTION
	AuthUpdate            AuthorizerActionCode = sqlite3.SQLITE_UPDATE
	AuthAttach            AuthorizerActionCode = sqlite3.SQLITE_ATTACH
	AuthDetach            AuthorizerActionCode = sqlite3.SQLITE_DETACH
	AuthAlterTable        AuthorizerActionCode = sqlite3.SQLITE_ALTER_TABLE
	AuthReindex           AuthorizerActionCode = sqlite3.SQLITE_REINDEX
	AuthAnalyze           AuthorizerActionCode = sqlite3.SQLITE_ANALYZE
	AuthCreateVTable      AuthorizerActionCode = sqlite3.SQLITE_CREATE_VTABLE
	AuthDropVTable        AuthorizerActionCode = sqlite3.SQLITE_DROP_VTABLE
	AuthFunction          AuthorizerActionCode = sqlite3.SQLITE_FUNCTION
	AuthSavepoint         AuthorizerActionCode = sqlite3.SQLITE_SAVEPOINT
	AuthRecursive         AuthorizerActionCode = sqlite3.SQLITE_RECURSIVE
)

// AuthorizerReturnCode is what an authorizer answers: https://sqlite.org/c3ref/c_deny.html
type AuthorizerReturnCode int32

// What an authorizer may answer.
const (
	AuthorizerOK     AuthorizerReturnCode = sqlite3.SQLITE_OK
	AuthorizerDeny   AuthorizerReturnCode = sqlite3.SQLITE_DENY
	AuthorizerIgnore AuthorizerReturnCode = sqlite3.SQLITE_IGNORE
)

// DBStatusOp is a counter of a connection: https://sqlite.org/c3ref/c_dbstatus_options.html
type DBStatusOp int32

// The counters of a connection.
const (
	DBStatusLookasideUsed     DBStatusOp = sqlite3.SQLITE_DBSTATUS_LOOKASIDE_USED
	DBStatusCacheUsed         DBStatusOp = sqlite3.SQLITE_DBSTATUS_CACHE_USED
	DBStatusSchemaUsed        DBStatusOp = sqlite3.SQLITE_DBSTATUS_SCHEMA_USED
	DBStatusStmtUsed          DBStatusOp = sqlite3.SQLITE_DBSTATUS_STMT_USED
	DBStatusLookasideHit      DBStatusOp = sqlite3.SQLITE_DBSTATUS_LOOKASIDE_HIT
	DBStatusLookasideMissSize DBStatusOp = sqlite3.SQLITE_DBSTATUS_LOOKASIDE_MISS_SIZE
	DBStatusLookasideMissFull DBStatusOp = sqlite3.SQLITE_DBSTATUS_LOOKASIDE_MISS_FULL
	DBStatusCacheHit          DBStatusOp = sqlite3.SQLITE_DBSTATUS_CACHE_HIT
	DBStatusCacheMiss         DBStatusOp = sqlite3.SQLITE_DBSTATUS_CACHE_MISS
	DBStatusCacheWrite        DBStatusOp = sqlite3.SQLITE_DBSTATUS_CACHE_WRITE
	DBStatusDeferredFKs       DBStatusOp = sqlite3.SQLITE_DBSTATUS_DEFERRED_FKS
	DBStatusCacheUsedShared   DBStatusOp = sqlite3.SQLITE_DBSTATUS_CACHE_USED_SHARED
	DBStatusCacheSpill        DBStatusOp = sqlite3.SQLITE_DBSTATUS_CACHE_SPILL
	DBStatusTempbufSpill      DBStatusOp = sqlite3.SQLITE_DBSTATUS_TEMPBUF_SPILL
)

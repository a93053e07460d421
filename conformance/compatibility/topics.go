package main

// topic is something that the builds do differently and a program can notice.
type topic struct {
	what   string // as it stands in "you lose: …"
	setup  string // statements before the query
	query  string // run on a new database: its value is what the table says; "no" if anything fails
	remark string
	// names are the build options, functions, modules, collations and pragmas whose presence here and absence there this
	// explains.
	names []string
}

// topics are in the order of their weight for someone who considers to change drivers.
var topics = []topic{
	{"full-text search with FTS5", "CREATE VIRTUAL TABLE f USING fts5(a)", "SELECT 'yes'",
		"mattn's driver has it with the build tag `sqlite_fts5`.",
		[]string{"ENABLE_FTS5", "fts5", "fts5vocab", "bm25", "highlight", "fts5_get_locale", "fts5_insttoken", "fts5_locale", "fts5_source_id"}},
	{"full-text search with FTS3 and FTS4", "CREATE VIRTUAL TABLE f USING fts4(a)", "SELECT 'yes'",
		"Where it is missing, such a table fails with `no such module: fts4`; the rest of the file works. Build an FTS5 table from its rows before you change drivers.",
		[]string{"ENABLE_FTS3", "ENABLE_FTS3_PARENTHESIS", "fts3", "fts4", "fts4aux", "fts3tokenize", "fts3_tokenizer", "matchinfo", "offsets", "optimize"}},
	{"native extensions (`load_extension()`)", "", "SELECT iif(count(*), 'yes', 'no') FROM pragma_function_list WHERE name='load_extension'",
		"turso-coop has no C to load. It loads WebAssembly modules (`_extension=`), and Go functions can be registered on a connection.",
		[]string{"OMIT_LOAD_EXTENSION", "load_extension"}},
	{"`LIKE` and `GLOB` that look into BLOBs", "", "SELECT iif(x'61' LIKE 'a', 'yes', 'no')",
		"Where they do not, the result is false. Write `CAST(b AS TEXT) LIKE …`.",
		[]string{"LIKE_DOESNT_MATCH_BLOBS"}},
	{"mathematical functions (`sin`, `log`, `pow` …)", "", "SELECT iif(sqrt(4)=2, 'yes', 'no')",
		"mattn's driver has them with the build tag `sqlite_math_functions`.",
		[]string{"ENABLE_MATH_FUNCTIONS", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos", "cosh", "degrees", "exp", "floor",
			"ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"}},
	{"`REGEXP`", "", "SELECT iif('abc' REGEXP 'b', 'yes', 'no')",
		"Elsewhere the operator needs a function that the program registers; one of its own takes this one's place in turso-coop, too.",
		[]string{"regexp", "regexpi"}},
	{"the default of `synchronous` in WAL mode", "PRAGMA journal_mode=WAL", "SELECT * FROM pragma_synchronous",
		"1 is NORMAL: a power loss may take back the last commits, but never harms the file. 2 is FULL: no commit is lost. Set `_sync=FULL` for it.",
		[]string{"DEFAULT_WAL_SYNCHRONOUS"}},
	{"`ANALYZE` that samples values (STAT4)", "CREATE TABLE t(a); CREATE INDEX i ON t(a); INSERT INTO t VALUES (1); ANALYZE",
		"SELECT iif(count(*), 'yes', 'no') FROM sqlite_schema WHERE name='sqlite_stat4'",
		"Plans may differ after `ANALYZE`, results do not. Files with the samples work everywhere. mattn's driver has it with the build tag `sqlite_stat4`.",
		[]string{"ENABLE_STAT4"}},
	{"memory-mapped files (`PRAGMA mmap_size=65536`)", "", "PRAGMA mmap_size=65536",
		"Mapped pages would go past the I/O engine. The PRAGMA is accepted and does nothing.",
		[]string{"MAX_MMAP_SIZE"}},
	{"helper threads for sorting (`PRAGMA threads`)", "PRAGMA threads=4", "SELECT iif(threads, 'yes', 'no') FROM pragma_threads",
		"Large sorts use one thread.",
		[]string{"MAX_WORKER_THREADS"}},
	{"`generate_series`, `base64`, and the `decimal` and `ieee754` functions", "", "SELECT iif(decimal_add('0.1', '0.2')='0.3', 'yes', 'no') FROM generate_series(1, 1)",
		"SQLite's own extensions, which its shell has as well.",
		[]string{"base64", "decimal", "decimal_add", "decimal_cmp", "decimal_exp", "decimal_mul", "decimal_pow2", "decimal_sub", "decimal_sum",
			"ieee754", "ieee754_exponent", "ieee754_from_blob", "ieee754_from_int", "ieee754_inc", "ieee754_mantissa", "ieee754_to_blob", "ieee754_to_int",
			"generate_series"}},
	{"the collations `decimal`, `time` and `uint`", "", "SELECT iif('9' < '10' COLLATE uint, 'yes', 'no')",
		"Files that use one in an index can be written only where it exists.",
		[]string{"time", "uint"}},
	{"`soundex()`", "", "SELECT iif(soundex('Robert')='R163', 'yes', 'no')",
		"Words that sound alike in English have the same value.", []string{"SOUNDEX", "soundex"}},
	{"Geopoly", "CREATE VIRTUAL TABLE g USING geopoly(a)", "SELECT 'yes'",
		"Polygons. R*Tree itself is in all of them.",
		[]string{"ENABLE_GEOPOLY", "geopoly", "geopoly_area", "geopoly_bbox", "geopoly_blob", "geopoly_ccw", "geopoly_contains_point", "geopoly_debug",
			"geopoly_group_bbox", "geopoly_json", "geopoly_overlap", "geopoly_regular", "geopoly_svg", "geopoly_within", "geopoly_xform"}},
	{"`dbstat` and `sqlite_dbpage`", "CREATE TABLE t(a)", "SELECT iif(count(*), 'yes', 'no') FROM dbstat",
		"Tables about the pages of a file. mattn's driver has `dbstat` with the build tag `sqlite_dbstat`.", []string{"ENABLE_DBSTAT_VTAB", "ENABLE_DBPAGE_VTAB", "dbstat", "sqlite_dbpage"}},
	{"`sqlite_offset()`", "CREATE TABLE t(a); INSERT INTO t VALUES (1)", "SELECT iif(sqlite_offset(a), 'yes', 'no') FROM t",
		"The place of a record in its file.", []string{"ENABLE_OFFSET_SQL_FUNC", "sqlite_offset"}},
	{"`PRAGMA default_cache_size`", "", "SELECT iif(count(*), 'yes', 'no') FROM pragma_pragma_list WHERE name='default_cache_size'",
		"Deprecated by SQLite; use `PRAGMA cache_size`.", []string{"OMIT_DEPRECATED", "default_cache_size"}},
	{"`auth_enabled()`, `authenticate()` …", "", "SELECT iif(auth_enabled() IS NOT NULL, 'yes', 'no')",
		"Left over from mattn's former user accounts; they do nothing unless it was built with them.",
		[]string{"auth_enabled", "auth_user_add", "auth_user_change", "auth_user_delete", "authenticate"}},
	{"a cache that connections share", "", "SELECT iif(sqlite_compileoption_used('OMIT_SHARED_CACHE'), 'no', 'yes')",
		"SQLite discourages it. For databases in memory, `cache=shared` still lets the connections of a pool share one; for files it means nothing.",
		[]string{"OMIT_SHARED_CACHE"}},
	{"sessions and changesets", "", "SELECT iif(sqlite_compileoption_used('ENABLE_SESSION'), 'yes', 'no')",
		"C functions without SQL.", []string{"ENABLE_SESSION"}},
	{"snapshots with a name", "", "SELECT iif(sqlite_compileoption_used('ENABLE_SNAPSHOT'), 'yes', 'no')",
		"C functions without SQL. A read transaction is a snapshot everywhere.", []string{"ENABLE_SNAPSHOT"}},
}

// unnoticed are the build options that differ and of which a program over database/sql notices nothing, and why.
var unnoticed = []struct {
	why   string
	names []string
}{
	{"the driver sets it on every connection, as the driver that it stands in for has it", []string{"DQS", "DEFAULT_FOREIGN_KEYS"}},
	{"every one of the drivers takes names that begin with `file:` for URIs", []string{"USE_URI"}},
	{"the drivers decide which URIs with a host they accept", []string{"ALLOW_URI_AUTHORITY"}},
	{"a connection of database/sql is used by one goroutine at a time, and turso-coop's share no memory",
		[]string{"THREADSAFE", "MUTEX_OMIT", "MUTEX_PTHREADS", "ENABLE_UNLOCK_NOTIFY"}},
	{"the driver offers it, or does without it: declared types of columns, hooks before updates, images of databases",
		[]string{"ENABLE_COLUMN_METADATA", "ENABLE_PREUPDATE_HOOK", "OMIT_DESERIALIZE"}},
	{"the files of turso-coop's VFS do not offer it", []string{"ENABLE_ATOMIC_WRITE", "ENABLE_BATCH_ATOMIC_WRITE"}},
	{"locks are waited for by the busy handler", []string{"ENABLE_SETLK_TIMEOUT"}},
	{"it means nothing without a parser made for it, which mattn's code does not have: `DELETE … LIMIT` is a syntax error everywhere",
		[]string{"ENABLE_UPDATE_DELETE_LIMIT"}},
	{"R*Tree is in all of them, in turso-coop as an extension", []string{"ENABLE_RTREE"}},
	{"it concerns C programs", []string{"ENABLE_API_ARMOR", "ENABLE_MEMORY_MANAGEMENT", "ENABLE_RBU", "DEFAULT_MEMSTATUS", "OMIT_AUTOINIT", "OMIT_COMPLETE",
		"OMIT_GET_TABLE", "STRICT_SUBTYPE"}},
	{"it tells how the code was compiled", []string{"COMPILER", "DISABLE_INTRINSIC", "HAVE_ISNAN"}},
}

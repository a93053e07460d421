# Files: imports, copies, scripts, and where results go.
.open --new one.db
create table t(a, b);
insert into t values(1,'x'),(2,'y');

.headers on
.mode csv
.once out.csv
select * from t;
.headers off
.mode list
.testcase once
.import --csv out.csv fresh
select * from fresh;
.check <<END
1|x
2|y
END

.testcase import
.import -v --csv <<END people
name,age
Ada,36
Bob,
END
select name, age, age is null from people;
.check <<END
Column separator ",", row separator "\n"
CREATE TABLE "main"."people"(
"name", "age")

Added 2 rows with 0 errors using 3 lines of input
Ada|36|0
Bob||0
END

.testcase "empty as NULL, with types"
.import --csv --empty-null --types <<END typed
id,price,name
1,2.5,Ada
2,,""
END
select id, price is null, typeof(id), typeof(price), quote(name) from typed;
.schema typed
.check <<END
1|0|integer|real|'Ada'
2|1|integer|null|''
CREATE TABLE "typed"(
"id" INTEGER, "price" REAL, "name" TEXT);
END

.testcase json
.import --json <<END j
[{"a":1,"b":"x"},{"b":null,"c":{"d":[1,2]}},{"a":1.5,"b":true}]
END
.mode quote
select * from j;
.mode list
.check <<END
1,'x',NULL
NULL,NULL,'{"d":[1,2]}'
1.5,1,NULL
END

.testcase backup
.backup copy.db
.save main copy2.db
.open copy.db
select count(*) from t;
delete from t;
.restore copy2.db
select count(*) from t;
.check <<END
2
2
END

.testcase clone
.clone clone.db
.open --readonly clone.db
select count(*) from t;
insert into t values(3,3);
.check --glob <<END
2
END
.testcase clone
.clone clone.db
.check 'File "clone.db" already exists.'

.testcase read
.open one.db
.output script.sql
.print "select 'from the script';"
.output
.testcase read
.read script.sql
.read nofile
.check <<END
from the script
Error: cannot open "nofile"
END

.testcase dump
.dump t
.check <<END
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE t(a, b);
INSERT INTO t VALUES(1,'x');
INSERT INTO t VALUES(2,'y');
COMMIT;
END

.testcase cd
.shell mkdir sub
.cd sub
.shell test -f ../one.db && echo here > found
.cd ..
.cd nowhere
.check 'Cannot change to directory "nowhere"'

.testcase schema
create index i1 on t(b);
create view v as select a from t;
.schema t
.schema v
.tables t
.tables v
.indexes
.indices b
.check <<END
CREATE TABLE t(a, b);
CREATE INDEX i1 on t(b);
CREATE VIEW v as select a from t
/* v(a) */;
t
v
i1
END

.testcase engine
.engine pool
.engine
.io trace trace.json
insert into t values(9,9);
.io trace off
.io on
insert into t values(8,8);
.io off
.io total
.engine auto
.check --glob <<END
engine                       pool
                             asked for
statements                   1
END
.testcase trace
select json_valid(readfile('trace.json')), json_array_length(readfile('trace.json'),'$.traceEvents') > 0;
.check "1|1"

.testcase functions
select writefile('w.txt','abc'), cast(readfile('w.txt') as text), hex(sha3('abc')), length(sha3('abc',512));
select base64(x'616263'), 'abc' regexp '^a.c$', (select sum(value) from generate_series(1,4));
.check <<END
3|abc|3A985DA74FE225B2045C172D6BD390BD855F086E3E9D525B46BFE24511431532|64
YWJj|1|10
END
.quit

# Results in every mode, and what .mode and its like change about them.
create table t(id integer, "na,me" text, r real, n);
insert into t values(1,'a"b',0.1+0.2,null),(-2,'日本','9e999',x'00ff');

.testcase list
.mode list --blob-quote size
select * from t;
.check <<END
1|a"b|0.30000000000000004|
-2|日本|Inf|(2-byte blob)
END

.testcase null
.mode list
.nullvalue NIL
.headers on
.separator ", " ";\n"
select id, n from t where n is null;
.check <<END
id, n;
1, NIL;
END

.testcase headers
.mode list --rowsep "\n"
.headers off
select 1 as one;
.headers always
select 1 as one where 0;
.check <<END
1
one
END

.testcase abbreviated
.h off
.m csv
select 'a b', 1;
.mode list
.check <<END
"a b",1
END

.testcase width
.headers on
.mode column
.width 3 -6
select 12345 as a, 'x' as b;
.width
.headers off
.mode list
.check <<END
 a     b
---  ------
123       x
 45
END

.testcase once
.mode list
.mode --once quote
select 'a', null;
select 'a', null;
.check <<END
'a',NULL
a|
END

.testcase tag
.mode tabs --colsep ; --tag mine
.mode list
.mode mine
select 1, 'x y';
.mode
.mode list
.check <<END
1;"x y"
.mode tabs --colsep ";"
END

.testcase wrap
.mode box --wrap 10 --titles off
select 'one two three four' as x, 1 as y;
.mode list
.check <<END
╭────────────┬───╮
│ one two    │ 1 │
│ three four │   │
╰────────────┴───╯
END

.testcase infinity
.mode insert t2
select 9e999, -9e999;
.mode list
.check <<END
INSERT INTO t2 VALUES(1e999,-1e999);
END

.testcase unknown
.mode zork
.check --glob <<END
.mode zork
END
.testcase unknown
.mode jsonl
.check --glob ^--- unknown mode

.testcase describe
.mode list --null N --limits 1,2,3
.mode
.mode list --reset
.mode
.check <<END
.mode list --limits 1,2,3 --null "N"
.mode list
END

.testcase show
.show
.check --glob <<END
        mode: list
   nullvalue: ""
      output: memory
colseparator: "|"
rowseparator: "\n"
END

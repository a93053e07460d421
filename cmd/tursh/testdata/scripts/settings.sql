# Commands about the shell, the connection and the statements it runs.
create table u(x unique);

.testcase changes
.changes on
insert into u values(1),(2);
.changes off
.check "changes: 2   total_changes: 2"

.testcase echo
.echo on
select 1;
.echo off
.check <<END
select 1;
1
.echo off
END

.testcase print
.print one 'two  three' "four\tfive"
.check "one two  three four	five"

.testcase parameter
.parameter init
.parameter set :a 5*2
.parameter set @b hello
.parameter set $c 'q r'
select :a, @b, $c, ?5, $int_12, $text_abc;
.parameter unset :a
.parameter list
.parameter clear
.parameter list
.check <<END
10|hello|q r||12|abc
$c 'q r'
@b 'hello'
END

.testcase eqp
.eqp on
select * from u;
.eqp off
.check <<END
QUERY PLAN
`--SCAN u
1
2
END

.testcase "eqp full"
.eqp full
select 1;
.eqp off
.check --glob <<END
1     Integer        1     1     0                    0
END

.testcase explain
.explain off
explain query plan select 1;
.explain auto
explain query plan select 1;
.check <<END
1|0|0|SCAN CONSTANT ROW
QUERY PLAN
`--SCAN CONSTANT ROW
END

.testcase stats
.stats vmstep
select 1;
.stats on
select 2;
.stats off
.check --glob "VM-steps: #"
.testcase stats
.stats stmt
select x as y from u limit 1;
.stats off
.check --glob <<END
Column 0 table name:                 u
END
.testcase "stats now"
.stats
.check --glob "Page cache hits:"

.testcase timer
.timer on
select 1;
.timer off
.check --glob "Run Time: real #.# user #.# sys #.#"
.testcase "timer once"
.timer once
select 1;
select 2;
.check --glob <<END
2
END

.testcase limits
.limit length
.limit attached 3
.limit attached
.check <<END
              length 1000000000
            attached 3
END

.testcase dbconfig
.dbconfig defensive
.dbconfig enable_view off
.dbconfig enable_view on
.check <<END
          defensive on
        enable_view off
        enable_view on
END

.testcase databases
.databases
.check --glob <<END
main: "" r/w
END

.testcase dbinfo
create table more(a);
.dbinfo
.check --glob <<END
number of tables:    2
number of indexes:   1
number of triggers:  0
number of views:     0
END

.testcase prompt
.prompt 'main/f> ' 'more> '
.prompt --show
.prompt --reset
.check <<END
Main prompt:  'main/f> '
Continuation: 'more> '
END

.testcase bail
.bail on
.bail off
select nope;
.check --glob "no such column: nope"

.testcase timeout
.timeout 10
pragma busy_timeout;
.check 10

.testcase help
.help .timeout
.check <<END
.timeout MS              Wait up to MS milliseconds for locks
END

.testcase version
.version
.check --glob "SQLite 3.#"

.testcase nonce
.nonce
.check "Usage: .nonce NONCE"

.testcase engine
.engine
.check "none: the database is not a file"

.testcase io
.io on
.io off
.io
.check --glob "engine"

.testcase output
.output zz-out.txt
select 'in the file';
.output
.testcase output
.shell cat zz-out.txt
.system rm zz-out.txt
.print done
.check done

.testcase load
.load nothing.so
.check --glob "only WebAssembly modules"

.testcase config
.config show
.check --glob "written by .config save"

.testcase exact
select 'x';
.check --keep --notglob y
.check --exact <<END
x
END

.testcase unknown
.zork
.check --glob "unknown command"

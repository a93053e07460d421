# Commands that show results in other ways, or run again what has run before.

.testcase last
select 1 union all select 2;
.last
.check <<END
1
2
1
2
END

.testcase watch
.watch --count 3 0 select 7;
select 8;
.watch 0 --count 1
.check <<END
7
7
7
8
8
END

.testcase "spark"
.chart spark values (0),(1),(2),(3),(4),(5),(6),(7)
.chart spark select 'x' as label, 1 as first, 4 as second union all values ('y', 2, null), ('z', 3, 'no number')
.check <<END
column1 ▁▂▃▄▅▆▇█
first  ▁▅█
second ▅
END

.testcase bars
values ('a', 1), ('long', 2);
.chart
.check <<END
a|1
long|2
a    ████████████████████████████████████ 1
long ████████████████████████████████████████████████████████████████████████ 2
END

.testcase line
.chart line values (1), (3)
.check --glob 3 ┤*1 ┤*

.testcase limits
.maxrows 5
.maxrows
.maxrows 0
.maxrows
values (1), (2);
.pager cat
.pager
.pager off
.pager
.check <<END
5
0
1
2
cat
off
END

.testcase "edit that changes nothing, and a history of nobody"
select 1;
.edit
.history
.check 1

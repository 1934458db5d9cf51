# Statements that are no SELECT, several at once, and those that wrap another.
copy cohort_member to '{out}/a.csv'
copy (select * from cohort_member) to '{out}/a.parquet' (format parquet)
copy (select 1) to '{release}/warehouse.duckdb' (use_tmp_file false)
copy cohort_member from '{out}/a.csv'
copy (select count(*) from cohort_member) to '/dev/stdout'
export database '{out}/all'
import database '{out}/all'
attach '{release}/warehouse.duckdb' as w
attach '{out}/new.duckdb' as n
attach ':memory:' as m
detach memory
install httpfs
force install httpfs from 'http://127.0.0.1:1/'
load httpfs
load '{out}/evil.duckdb_extension'
update extensions
pragma database_list
pragma show_tables
pragma table_info('cohort_member')
pragma storage_info('cohort_member')
pragma enable_profiling
pragma profiling_output='{out}/p.json'
pragma add_parquet_key('k', '0123456789112345')
pragma version
set memory_limit = '100GB'
set threads = 64
set enable_external_access = true
set lock_configuration = false
set temp_directory = '{out}'
set variable path = '/etc/passwd'
set global threads = 2
set session threads = 2
reset threads
reset lock_configuration
call pragma_table_info('cohort_member')
call duckdb_settings()
call pragma_version()
explain select count(*) from cohort_member
explain analyze select count(*) from cohort_member
explain analyze copy (select 1) to '{out}/x.csv'
explain copy (select 1) to '{out}/x.csv'
explain (format json) select count(*) from cohort_member
prepare p as select count(*) from cohort_member
prepare p as copy (select 1) to '{out}/x.csv'
execute p
execute p('x')
deallocate p
create table t as select * from cohort_member
create or replace table cohort_member as select 1 as learner_id
create temp table t as select 1
create view v as select * from cohort_member
create macro f(x) as x
create macro t() as table select * from cohort_member
create function f(x) as x
create schema s
create sequence s
create type mood as enum ('a', 'b')
create index i on cohort_member (learner_id)
create secret s (type s3, key_id 'a', secret 'b')
create persistent secret s (type s3)
drop table cohort_member
drop view if exists v
drop secret s
insert into cohort_member select * from cohort_member
insert into cohort_member values ('a')
insert or replace into cohort_member values ('a')
update cohort_member set learner_id = 'x'
delete from cohort_member
truncate cohort_member
merge into cohort_member using spell on true when matched then delete
alter table cohort_member add column x int
alter table cohort_member rename to y
comment on table cohort_member is 'x'
vacuum
vacuum analyze
analyze
checkpoint
force checkpoint
begin
begin transaction read only
commit
rollback
use memory
use main
show tables
show all tables
show databases
show cohort_member
describe cohort_member
desc cohort_member
describe select * from cohort_member
summarize cohort_member
summarize select * from cohort_member
from cohort_member
from cohort_member select learner_id
table cohort_member
values (1), (2)
pivot cohort_member on ks2_band using count(*)
pivot_wider cohort_member on ks2_band using first(learner_id)
unpivot cohort_member on cohort_ay into name n value v
grant select on cohort_member to public
kill 1
listen x
notify x
declare c cursor for select * from cohort_member
fetch all from c
lock table cohort_member
select count(*) from cohort_member; copy (select 1) to '{out}/x'
select count(*) from cohort_member; select count(*) from cohort_member
select count(*) from cohort_member; pragma version
; copy (select 1) to '{out}/x'; select count(*) from cohort_member
select count(*) into t from cohort_member
select count(*) from cohort_member for update
with x as (insert into cohort_member select 1 returning *) select count(*) from x
with x as (delete from cohort_member returning *) select count(*) from x
.open {out}/x.duckdb
.shell ls
\copy cohort_member to '{out}/x'
!ls

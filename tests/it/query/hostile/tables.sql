# Everything in FROM that is no table of learners: files, functions, catalogs, the settings.
select count(*) from read_csv('{release}/manifest.json')
select count(*) from read_csv_auto('{release}/manifest.json')
select count(*) from read_parquet('{release}/manifest.json')
select count(*) from parquet_scan('{release}/manifest.json')
select count(*) from parquet_metadata('{release}/manifest.json')
select count(*) from parquet_schema('{release}/manifest.json')
select count(*) from parquet_file_metadata('{release}/manifest.json')
select count(*) from parquet_kv_metadata('{release}/manifest.json')
select count(*) from parquet_bloom_probe('{release}/manifest.json')
select count(*) from read_json('{release}/manifest.json')
select count(*) from read_json_auto('{release}/manifest.json')
select count(*) from read_json_objects('{release}/manifest.json')
select count(*) from read_json_objects_auto('{release}/manifest.json')
select count(*) from read_ndjson('{release}/manifest.json')
select count(*) from read_ndjson_auto('{release}/manifest.json')
select count(*) from read_ndjson_objects('{release}/manifest.json')
select count(*) from read_text('{release}/manifest.json')
select count(*) from read_blob('{release}/manifest.json')
select count(*) from read_duckdb('{release}/manifest.json')
select count(*) from glob('{release}/manifest.json')
select count(*) from sniff_csv('{release}/manifest.json')
select count(*) from arrow_scan('{release}/manifest.json')
select count(*) from arrow_scan_dumb('{release}/manifest.json')
select count(*) from seq_scan('{release}/manifest.json')
select count(*) from which_secret('{release}/manifest.json')
select count(*) from query('{release}/manifest.json')
select count(*) from query_table('{release}/manifest.json')
select count(*) from sql_auto_complete('{release}/manifest.json')
select count(distinct c.learner_id) from cohort_member c join read_csv('/etc/passwd') r on true
select count(distinct c.learner_id) from cohort_member c join read_text('/etc/passwd') r on true
select count(distinct c.learner_id) from cohort_member c join read_blob('/etc/passwd') r on true
select count(distinct c.learner_id) from cohort_member c join glob('/etc/passwd') r on true
select count(distinct c.learner_id) from cohort_member c join sniff_csv('/etc/passwd') r on true
select count(distinct c.learner_id) from cohort_member c join read_json('/etc/passwd') r on true
select count(*) from '/etc/passwd'
select count(*) from '{release}/parquet/cohort_member.parquet'
select count(*) from "{release}/parquet/cohort_member.parquet"
select count(*) from 'cohort_member.parquet'
select count(*) from '{out}/*.csv'
select count(*) from "/proc/self/environ"
select count(*) from 'http://127.0.0.1:1/x.parquet'
select count(*) from 's3://bucket/x.parquet'
select count(*) from read_csv(['/etc/passwd'])
select count(*) from read_csv('/etc/pass' || 'wd')
select count(*) from read_csv(getvariable('path'))
select count(*) from read_parquet((select 'x'))
select count(*) from read_blob('{release}/warehouse.duckdb')
select count(*) from parquet_scan('{release}/parquet/*.parquet')
select count(*) from query('select * from cohort_member')
select count(*) from query_table('cohort_member')
select count(*) from query_table(['cohort_member', 'spell'])
select count(*) from duckdb_settings()
select count(*) from duckdb_tables()
select count(*) from duckdb_columns()
select count(*) from duckdb_views()
select count(*) from duckdb_functions()
select count(*) from duckdb_databases()
select count(*) from duckdb_secrets()
select count(*) from duckdb_logs
select count(*) from duckdb_extensions()
select count(*) from duckdb_memory()
select count(*) from duckdb_temporary_files()
select count(*) from duckdb_variables()
select count(*) from duckdb_constraints()
select count(*) from pragma_storage_info('cohort_member')
select count(*) from pragma_table_info('cohort_member')
select count(*) from pragma_database_size()
select count(*) from pragma_metadata_info()
select count(*) from pragma_user_agent()
select count(*) from information_schema.tables
select count(*) from information_schema.columns
select count(*) from pg_catalog.pg_class
select count(*) from pg_catalog.pg_tables
select count(*) from pg_tables
select count(*) from sqlite_master
select count(*) from sqlite_schema
select count(*) from main.cohort_member
select count(*) from memory.main.cohort_member
select count(*) from temp.cohort_member
select count(*) from system.main.duckdb_settings
select count(*) from range(10)
select count(*) from generate_series(1, 10)
select count(*) from unnest([1, 2, 3])
select count(*) from repeat('x', 10)
select count(*) from repeat_row(1, num_rows = 10)
select count(*) from summary(cohort_member)
select count(*) from histogram('cohort_member', 'ks2_band')
select count(*) from json_each('[1]')
select count(*) from test_all_types()
select count(*) from icu_calendar_names()
select count(*) from checkpoint()
select count(*) from force_checkpoint()
select count(*) from enable_logging()
select count(*) from (values ('a')) v(learner_id)
select count(*) from (select 'a' as learner_id) v
select count(*) from (from cohort_member) v
select count(*) from (describe cohort_member)
select count(*) from (show tables)
select count(*) from (summarize cohort_member)
select count(*) from (pivot cohort_member on ks2_band using count(*))
select count(*) from (table cohort_member) t
select count(*) from cohort_member tablesample 10%
select count(*) from cohort_member using sample 1
select count(*) from cohort_member at (version => 1)
select count(*) from cohort_member, lateral (select 1) l
select count(*) from attrition_waterfall
select sum(n) from attrition_waterfall
select state, n from attrition_waterfall
select count(*) from absence_rate
select count(*)
select 1
select count(distinct learner_id)
select c.birth_month, count(distinct a.learner_id) as n from learner a join cohort_member b using (learner_id, cohort_ay) join learner c using (cohort_ay) where cohort_ay = 2019 and c.ethnicity = 'WROM' group by 1 order by 1
select count(*) from learner where cohort_ay = 2019 and (case when ethnicity = 'WROM' then birth_month < date '+20000-01-01' else true end)

-- A role for each service that keeps something, and a schema that only it can use. The owner of the database runs it, as often as needed:
-- for a new database, after `parley restore`, and for a database that had one role for all services before.
-- The passwords are variables of psql's environment (psql 15 or later). README.md says more.
\set ON_ERROR_STOP on
\getenv auth POSTGRES_AUTH_PASSWORD
\getenv meetings POSTGRES_MEETINGS_PASSWORD
\getenv chat POSTGRES_CHAT_PASSWORD
\getenv media POSTGRES_MEDIA_PASSWORD

begin;
create temporary table given on commit drop as
  select service, password, current_database() || '_' || service as role
  from (values ('auth', :'auth'), ('meetings', :'meetings'), ('chat', :'chat'), ('media', :'media')) as v (service, password);

select format('create role %I', role) from given where role not in (select rolname from pg_roles) \gexec
select format('alter role %I login password %L', role, password) from given \gexec
select format('create schema if not exists %I', service) from given \gexec
select format('alter schema %I owner to %I', service, role) from given \gexec
select format('alter table %I.%I owner to %I', schemaname, tablename, role)
  from pg_tables join given on service = schemaname where tableowner <> role \gexec

-- Nothing is for everybody any more. A role uses the schema that it owns.
select format('revoke all on database %I from public', current_database()) \gexec
select format('grant connect on database %I to %I', current_database(), role) from given \gexec
revoke all on schema public from public;
commit;

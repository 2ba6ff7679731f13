import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

const statements = [
  sql`create table webhooks (
    id uuid primary key,
    user_id uuid not null,
    box text not null,
    mail_box text,
    address_asked_at timestamptz not null default now(),
    url text not null,
    description text not null,
    events jsonb not null,
    secret text not null,
    previous_secret text,
    previous_until timestamptz,
    own_seq bigint not null,
    mail_seq bigint not null,
    has_news boolean not null default true,
    status text not null default 'enabled' check (status in ('enabled', 'disabled')),
    disabled_reason text,
    disabled_at timestamptz,
    failures integer not null default 0,
    failing_since timestamptz,
    next_at timestamptz,
    leased_until timestamptz,
    fence bigint not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null
  )`,
  sql`create index webhooks_user on webhooks (user_id, id)`,
  sql`create index webhooks_box on webhooks (box) where status = 'enabled'`,
  sql`create index webhooks_mail_box on webhooks (mail_box) where status = 'enabled' and mail_box is not null`,
  sql`create index webhooks_without_address on webhooks (address_asked_at) where status = 'enabled' and mail_box is null`,
  sql`create index webhooks_news on webhooks (id) where status = 'enabled' and has_news`,
  sql`create index webhooks_due on webhooks (next_at) where status = 'enabled' and next_at is not null`,
  sql`create table webhook_deliveries (
    id uuid primary key,
    webhook_id uuid not null references webhooks on delete cascade,
    position bigint generated always as identity,
    event_id text not null,
    type text not null,
    lane text not null,
    meeting_id uuid,
    data jsonb not null,
    happened_at timestamptz not null,
    status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
    attempts integer not null default 0,
    late boolean not null default false,
    next_at timestamptz not null default now(),
    failing_since timestamptz,
    last_status integer,
    last_error text,
    created_at timestamptz not null default now(),
    settled_at timestamptz,
    constraint webhook_deliveries_event unique (webhook_id, event_id)
  )`,
  sql`create index webhook_deliveries_lane on webhook_deliveries (webhook_id, lane, position) where status = 'pending'`,
  sql`create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, position) where status = 'pending'`,
  sql`create index webhook_deliveries_missing on webhook_deliveries (webhook_id, meeting_id, position)
    where status <> 'delivered' and (late or status = 'failed')`,
  sql`create index webhook_deliveries_listing on webhook_deliveries (webhook_id, created_at desc, id desc)`,
  sql`create index webhook_deliveries_old on webhook_deliveries (created_at)`,
]

/** Endpoints of accounts, and the events on their way to each. */
export const webhooks: Migration = {
  async up(db: Kysely<unknown>) {
    for (const statement of statements) await statement.execute(db)
  },
}

// The consumers of a profile: who may ask, with which secret, for which scopes and schools.
import type { Sql } from './sql.ts'

/** Who made a consumer: the settings (kept in step at every start) or a person's command. */
export type ConsumerSource = 'environment' | 'command'

export interface ConsumerRecord {
  readonly id: string
  readonly name: string
  readonly secretHash: string
  readonly scopes: readonly string[]
  /** Schools that the consumer is narrowed to; null = the whole profile. */
  readonly schools: readonly string[] | null
  readonly createdMs: number
  /** When its secret was last replaced; null = never. */
  readonly rotatedMs: number | null
  readonly source: ConsumerSource
}

export const CONSUMERS_SCHEMA: readonly string[] = [
  `create table consumers (
     id text primary key, name text not null, secret_hash text not null, scopes text not null, schools text,
     created_ms integer not null, rotated_ms integer, source text not null)`,
]

/** What a consumer was given since: the secret in a form that can be opened, expiry, and how it is to be treated. */
export const CONSUMERS_STEP: readonly string[] = [
  `alter table consumers add column sealed_secret text`,
  `alter table consumers add column previous text`,
  `alter table consumers add column expires_ms integer`,
  `alter table consumers add column withheld text not null default '[]'`,
  `alter table consumers add column switches text not null default '[]'`,
  `alter table consumers add column requests_per_minute integer`,
]

interface ConsumerRow {
  readonly id: string
  readonly name: string
  readonly secret_hash: string
  readonly scopes: string
  readonly schools: string | null
  readonly created_ms: number
  readonly rotated_ms: number | null
  readonly source: ConsumerSource
}

function fromRow(row: ConsumerRow): ConsumerRecord {
  return {
    id: row.id,
    name: row.name,
    secretHash: row.secret_hash,
    scopes: JSON.parse(row.scopes),
    schools: row.schools === null ? null : JSON.parse(row.schools),
    createdMs: row.created_ms,
    rotatedMs: row.rotated_ms,
    source: row.source,
  }
}

function toValues(consumer: ConsumerRecord) {
  return [
    consumer.id,
    consumer.name,
    consumer.secretHash,
    JSON.stringify(consumer.scopes),
    consumer.schools === null ? null : JSON.stringify(consumer.schools),
    consumer.createdMs,
    consumer.rotatedMs,
    consumer.source,
  ] as const
}

/** Adds a consumer; throws when its id is taken. */
export function insertConsumer(sql: Sql, consumer: ConsumerRecord): void {
  sql.run(
    `insert into consumers (id, name, secret_hash, scopes, schools, created_ms, rotated_ms, source)
     values (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...toValues(consumer),
  )
}

/** Adds a consumer or replaces everything about it but `createdMs`, to which its access tokens are bound. */
export function upsertConsumer(sql: Sql, consumer: ConsumerRecord): void {
  sql.run(
    `insert into consumers (id, name, secret_hash, scopes, schools, created_ms, rotated_ms, source)
     values (?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set name = excluded.name, secret_hash = excluded.secret_hash, scopes = excluded.scopes,
       schools = excluded.schools, rotated_ms = excluded.rotated_ms, source = excluded.source`,
    ...toValues(consumer),
  )
}

export function listConsumers(sql: Sql): readonly ConsumerRecord[] {
  return sql.all<ConsumerRow>(`select * from consumers order by created_ms, id`).map(fromRow)
}

/** The consumer with exactly this id (case counts). */
export function findConsumer(sql: Sql, id: string): ConsumerRecord | undefined {
  const row = sql.all<ConsumerRow>(`select * from consumers where id = ?`, id)[0]
  return row === undefined ? undefined : fromRow(row)
}

/** Replaces the secret's hash; false when there is no such consumer. */
export function rotateConsumer(
  sql: Sql,
  id: string,
  change: { readonly secretHash: string; readonly rotatedMs: number },
): boolean {
  const { secretHash, rotatedMs } = change
  return (
    sql.run(`update consumers set secret_hash = ?, rotated_ms = ? where id = ?`, secretHash, rotatedMs, id).changes > 0
  )
}

/** Removes a consumer; false when there is none. */
export function removeConsumer(sql: Sql, id: string): boolean {
  return sql.run(`delete from consumers where id = ?`, id).changes > 0
}

// The consumers of a profile: who may ask, with which secret, for which scopes and schools.
import type { Sql } from './sql.ts'

/** Who made a consumer: the settings (kept in step at every start) or a person's command. */
export type ConsumerSource = 'environment' | 'command'

/** What can be kept from a consumer. */
export const WITHHOLDABLE = ['demographics', 'contacts'] as const
export type Withheld = (typeof WITHHOLDABLE)[number]

/** How a consumer may be treated other than the usual way; `src/auth/switches.ts` says what each one means. */
export const SWITCHES = ['nativeBooleans', 'unknownParents404', 'putAlways201', 'noOAuth1', 'noHmacSha1'] as const
export type Switch = (typeof SWITCHES)[number]
/** Those that close something: they hold where what was stored cannot be read. */
const CLOSING_SWITCHES: readonly Switch[] = ['noOAuth1', 'noHmacSha1']

/** The secret before the last rotation; it works until the overlap ends. */
export interface PreviousSecret {
  readonly secretHash: string
  readonly sealedSecret: string | null
  readonly untilMs: number
}

export interface ConsumerRecord {
  readonly id: string
  readonly name: string
  readonly secretHash: string
  /** The secret itself, sealed with a key that is not in the database (OAuth 1.0a signs with it); null = not kept. */
  readonly sealedSecret: string | null
  /** May have ended already: `untilMs` decides. */
  readonly previous: PreviousSecret | null
  readonly scopes: readonly string[]
  /** Schools that the consumer is narrowed to; null = the whole profile. */
  readonly schools: readonly string[] | null
  readonly withheld: readonly Withheld[]
  readonly switches: readonly Switch[]
  /** null = no limit. */
  readonly requestsPerMinute: number | null
  readonly createdMs: number
  /** When its secret was last replaced; null = never. */
  readonly rotatedMs: number | null
  /** From this instant on its credentials and tokens open nothing; null = never. */
  readonly expiresMs: number | null
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
  readonly sealed_secret: string | null
  readonly previous: string | null
  readonly expires_ms: number | null
  readonly withheld: string
  readonly switches: string
  readonly requests_per_minute: number | null
}

function fromRow(row: ConsumerRow): ConsumerRecord {
  return {
    id: row.id,
    name: row.name,
    secretHash: row.secret_hash,
    sealedSecret: row.sealed_secret,
    previous: row.previous === null ? null : JSON.parse(row.previous),
    scopes: JSON.parse(row.scopes),
    schools: row.schools === null ? null : JSON.parse(row.schools),
    withheld: withheldOf(row.withheld),
    switches: switchesOf(row.switches),
    requestsPerMinute: row.requests_per_minute,
    createdMs: row.created_ms,
    rotatedMs: row.rotated_ms,
    expiresMs: row.expires_ms,
    source: row.source,
  }
}

/** A word that this version does not know may stand for more than it could keep back, so then all is withheld. */
function withheldOf(text: string): readonly Withheld[] {
  const words = wordsIn(text)
  const known = WITHHOLDABLE.filter((word) => words?.includes(word))
  return known.length === words?.length ? known : WITHHOLDABLE
}

function switchesOf(text: string): readonly Switch[] {
  const words = wordsIn(text)
  return words === undefined ? CLOSING_SWITCHES : SWITCHES.filter((word) => words.includes(word))
}

function wordsIn(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? [...new Set(value)] : undefined
  } catch {
    return undefined
  }
}

const COLUMNS = `id, name, secret_hash, sealed_secret, previous, scopes, schools, withheld, switches, requests_per_minute,
       created_ms, rotated_ms, expires_ms, source`

function toValues(consumer: ConsumerRecord) {
  return [
    consumer.id,
    consumer.name,
    consumer.secretHash,
    consumer.sealedSecret,
    consumer.previous === null ? null : JSON.stringify(consumer.previous),
    JSON.stringify(consumer.scopes),
    consumer.schools === null ? null : JSON.stringify(consumer.schools),
    JSON.stringify(consumer.withheld),
    JSON.stringify(consumer.switches),
    consumer.requestsPerMinute,
    consumer.createdMs,
    consumer.rotatedMs,
    consumer.expiresMs,
    consumer.source,
  ] as const
}

/** Adds a consumer; throws when its id is taken. */
export function insertConsumer(sql: Sql, consumer: ConsumerRecord): void {
  sql.run(`insert into consumers (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, ...toValues(consumer))
}

/** Adds a consumer or replaces everything about it but `createdMs`, to which its access tokens are bound. */
export function upsertConsumer(sql: Sql, consumer: ConsumerRecord): void {
  sql.run(
    `insert into consumers (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set name = excluded.name, secret_hash = excluded.secret_hash,
       sealed_secret = excluded.sealed_secret, previous = excluded.previous, scopes = excluded.scopes,
       schools = excluded.schools, withheld = excluded.withheld, switches = excluded.switches,
       requests_per_minute = excluded.requests_per_minute, rotated_ms = excluded.rotated_ms,
       expires_ms = excluded.expires_ms, source = excluded.source`,
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

/**
 * Replaces what `change` gives of the consumer as it is at this moment, whatever another process does; answers the new
 * record, or undefined when there is no such consumer. Its id and its birth never change.
 */
export function changeConsumer(
  sql: Sql,
  id: string,
  change: (present: ConsumerRecord) => Partial<Omit<ConsumerRecord, 'id' | 'createdMs'>>,
): ConsumerRecord | undefined {
  return sql.transaction(() => {
    const present = findConsumer(sql, id)
    if (present === undefined) return undefined
    const changed = { ...present, ...change(present) }
    upsertConsumer(sql, changed)
    return changed
  })
}

/** Removes a consumer; false when there is none. */
export function removeConsumer(sql: Sql, id: string): boolean {
  return sql.run(`delete from consumers where id = ?`, id).changes > 0
}

// A profile's consumers in memory, with a clock and randomness that tests own.
import { createTokenCache } from '../../src/auth/access-token.ts'
import type { RandomBytes } from '../../src/auth/secrets.ts'
import type { LogFields } from '../../src/log.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import type { ConsumerRecord } from '../../src/store/consumers.ts'
import { migrate } from '../../src/store/migrations.ts'
import { ALIVE } from '../../src/store/schema.ts'
import { openTestStore } from '../support/runtime.ts'

export const START_MS = Date.UTC(2026, 0, 15, 8)

export function openConsumers() {
  const sql = openTestStore()
  migrate(sql, STORAGE)
  return sql
}

/** A consumer with nothing special about it. */
export const PLAIN_CONSUMER: ConsumerRecord = {
  id: 'plain',
  name: 'Plain',
  secretHash: 'hash',
  sealedSecret: null,
  previous: null,
  scopes: [],
  schools: null,
  withheld: [],
  switches: [],
  requestsPerMinute: null,
  createdMs: START_MS,
  rotatedMs: null,
  expiresMs: null,
  source: 'command',
}

/** Publishes a snapshot that has these schools and a district, and nothing else. */
export function publishSchools(profile: Pick<Profile, 'sql'>, numbers: readonly string[]): void {
  const insert = `insert into records_orgs (born, died, sourcedId, status, body, type, identifier) values (?, ?, ?, ?, '', ?, ?)`
  const { sql } = profile
  sql.run(`insert into generations (number, time, time_ms, head, sync) values (2, '', ?, '', '')`, START_MS)
  sql.run(insert, 1, ALIVE, 'district', 'active', 'district', '999')
  sql.run(insert, 1, 2, 'school-gone', 'active', 'school', '400')
  sql.run(insert, 1, ALIVE, 'school-closed', 'tobedeleted', 'school', '500')
  sql.run(insert, 3, ALIVE, 'school-coming', 'active', 'school', '600')
  for (const number of numbers) sql.run(insert, 1, ALIVE, `school-${number}`, 'active', 'school', number)
}

/** Bytes that look random and are the same in every run (a linear congruential generator). */
export function seededRandom(seed: number): RandomBytes {
  let state = seed
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
}

export interface LogLine {
  readonly level: string
  readonly event: string
  readonly fields: LogFields | undefined
}

export function createProfile() {
  const lines: LogLine[] = []
  const clock = { ms: START_MS }
  const write = (level: string) => (event: string, fields?: LogFields) => void lines.push({ level, event, fields })
  return {
    sql: openConsumers(),
    clock,
    lines,
    now: () => clock.ms,
    random: seededRandom(7),
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    // Long enough for HS512 too, so that a test can sign with the wrong algorithm.
    signingKey: seededRandom(11)(64),
    sealingKey: seededRandom(13)(32),
    issuer: 'default',
    tokenLifetimeMs: 3_600_000,
    cache: createTokenCache(),
  }
}

export type Profile = ReturnType<typeof createProfile>

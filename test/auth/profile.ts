// A profile's consumers in memory, with a clock and randomness that tests own.
import { createTokenCache } from '../../src/auth/access-token.ts'
import type { RandomBytes } from '../../src/auth/secrets.ts'
import type { LogFields } from '../../src/log.ts'
import { CONSUMERS_SCHEMA } from '../../src/store/consumers.ts'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'

export const START_MS = Date.UTC(2026, 0, 15, 8)

export function openConsumers() {
  const sql = openNodeSqlite(':memory:')
  for (const statement of CONSUMERS_SCHEMA) sql.run(statement)
  return sql
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
    issuer: 'default',
    tokenLifetimeMs: 3_600_000,
    cache: createTokenCache(),
  }
}

export type Profile = ReturnType<typeof createProfile>

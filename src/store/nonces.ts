// The OAuth 1.0a nonces that were used, remembered for the whole time in which their timestamps are accepted.
import type { Sql } from './sql.ts'

export const NONCES_SCHEMA: readonly string[] = [
  `create table nonces (
     timestamp integer not null, consumer text not null, nonce text not null,
     primary key (timestamp, consumer, nonce)) without rowid`,
]

export interface UsedNonce {
  /** In whole seconds, as it was signed. */
  readonly timestamp: number
  readonly consumer: string
  readonly nonce: string
}

/**
 * Remembers a nonce; false when the consumer used it before with this timestamp (RFC 5849 §3.3).
 * Nonces with a timestamp before `forgetBefore` (seconds) are dropped on the way: the key begins with the timestamp, so
 * that this costs a seek and the rows that go.
 */
export function rememberNonce(sql: Sql, { timestamp, consumer, nonce }: UsedNonce, forgetBefore: number): boolean {
  return sql.transaction(() => {
    sql.run(`delete from nonces where timestamp < ?`, Math.floor(forgetBefore))
    const { changes } = sql.run(
      `insert or ignore into nonces (timestamp, consumer, nonce) values (?, ?, ?)`,
      timestamp,
      consumer,
      nonce,
    )
    return changes === 1
  })
}

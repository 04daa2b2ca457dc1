// A lock between processes that share a database file: the server and the command line.
import type { Sql } from './sql.ts'

export interface LockOwner {
  /** This process and no other, for example `4711@host#9f3c`. */
  readonly name: string
  /** Whether the process of that name may still run. A guess is enough: a lock that is not renewed lapses. */
  readonly mayBeAlive: (name: string) => boolean
}

export interface Lock {
  /** To be called well within LEASE_MS, as long as the work lasts. False when another process has taken the lock over. */
  renew(): boolean
  release(): void
}

/** How long a lock outlives its last renewal, when its owner was killed and its number is another process's by now. */
export const LEASE_MS = 60_000

/** Takes the lock; `undefined` while another process holds it. */
export function takeLock(sql: Sql, name: string, owner: LockOwner, now: () => number): Lock | undefined {
  return sql.transaction(() => {
    const [held] = sql.all<{ owner: string; until_ms: number }>(
      `select owner, until_ms from locks where name = ?`,
      name,
    )
    // A lease that seems longer than leases are was given before the clock stepped back.
    const isLeased = held !== undefined && held.until_ms > now() && held.until_ms <= now() + LEASE_MS
    if (isLeased && held.owner !== owner.name && owner.mayBeAlive(held.owner)) return undefined
    sql.run(
      `insert into locks (name, owner, until_ms) values (?, ?, ?)
       on conflict (name) do update set owner = excluded.owner, until_ms = excluded.until_ms`,
      name,
      owner.name,
      now() + LEASE_MS,
    )
    return {
      renew() {
        const renewal = `update locks set until_ms = ? where name = ? and owner = ?`
        return sql.run(renewal, now() + LEASE_MS, name, owner.name).changes > 0
      },
      release() {
        sql.run(`delete from locks where name = ? and owner = ?`, name, owner.name)
      },
    }
  })
}

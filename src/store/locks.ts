// A lock between processes that share a database file: the server and the command line.
import type { Sql } from './sql.ts'

export interface LockOwner {
  /** This process, for example `4711@host`. */
  readonly name: string
  /** Whether the process of that name still runs; a killed one leaves its lock behind. */
  readonly isAlive: (name: string) => boolean
}

/** Takes the lock and tells how to give it back; `undefined` while another living process holds it. */
export function takeLock(sql: Sql, name: string, owner: LockOwner): (() => void) | undefined {
  return sql.transaction(() => {
    const held = sql.all<{ owner: string }>(`select owner from locks where name = ?`, name)[0]?.owner
    if (held !== undefined && held !== owner.name && owner.isAlive(held)) return undefined
    sql.run(
      `insert into locks (name, owner) values (?, ?) on conflict (name) do update set owner = excluded.owner`,
      name,
      owner.name,
    )
    return () => {
      sql.run(`delete from locks where name = ? and owner = ?`, name, owner.name)
    }
  })
}

// The object that knows which profiles there are.
import { DurableObject } from 'cloudflare:workers'
import { openDurableSqlite } from '../store/durable-sqlite.ts'
import type { Sql } from '../store/sql.ts'
import type { Environment } from './environment.ts'
import type { RestoreNote } from './restore.ts'

/** There is one, under this name. */
export const CONTROL_NAME = 'control'

/** Between the id of a profile and its settings. */
const MAKING_MS = 10 * 60_000

/** Each profile keeps everything else about itself. */
export class ControlObject extends DurableObject<Environment> {
  readonly #sql: Sql = openDurableSqlite(this.ctx.storage)

  constructor(...given: ConstructorParameters<typeof DurableObject<Environment>>) {
    super(...given)
    this.#sql.run(
      `create table if not exists profiles (number integer primary key autoincrement, id text not null unique)`,
    )
    // Beside the other, which came first.
    this.#sql.run(`create table if not exists made (id text primary key, ms integer not null)`)
    this.#sql.run(
      `create table if not exists restores (id text primary key, ticket text not null, served_ms integer not null, undo text)`,
    )
  }

  /** The oldest first. */
  list(): readonly string[] {
    return this.#sql.all<{ id: string }>(`select id from profiles order by number`).map(({ id }) => id)
  }

  has(id: string): boolean {
    return this.#sql.all(`select 1 from profiles where id = ?`, id).length > 0
  }

  add(id: string): void {
    this.#sql.run(`insert into profiles (id) values (?)`, id)
    this.#sql.run(`insert into made (id, ms) values (?, ?)`, id, Date.now())
  }

  /** Forgets an id whose object says that it is none, unless it may still be told: the Worker that made it has ended. */
  forget(id: string): void {
    const isYoung = this.#sql.all(`select 1 from made where id = ? and ms > ?`, id, Date.now() - MAKING_MS).length > 0
    if (!isYoung) this.remove(id)
  }

  remove(id: string): void {
    this.#sql.run(`delete from profiles where id = ?`, id)
    for (const table of ['made', 'restores']) this.#sql.run(`delete from ${table} where id = ?`, id)
  }

  /** Remembers what a profile that goes back to an earlier state cannot: that it has. Of one profile the last counts. */
  noteRestore({ id, ticket, servedMs, undo }: RestoreNote): void {
    this.#sql.run(
      `insert or replace into restores (id, ticket, served_ms, undo) values (?, ?, ?, ?)`,
      id,
      ticket,
      servedMs,
      undo ?? null,
    )
  }

  /** Those that have not ended. */
  restores(): readonly RestoreNote[] {
    return this.#sql
      .all<{ id: string; ticket: string; served_ms: number; undo: string | null }>(`select * from restores order by id`)
      .map(({ id, ticket, served_ms: servedMs, undo }) => ({ id, ticket, servedMs, undo: undo ?? undefined }))
  }

  endRestore(id: string, ticket: string): void {
    this.#sql.run(`delete from restores where id = ? and ticket = ?`, id, ticket)
  }
}

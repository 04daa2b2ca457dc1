// The object that knows which profiles there are.
import { DurableObject } from 'cloudflare:workers'
import { openDurableSqlite } from '../store/durable-sqlite.ts'
import type { Sql } from '../store/sql.ts'
import type { Environment } from './environment.ts'

/** There is one, under this name. */
export const CONTROL_NAME = 'control'

/** Each profile keeps everything else about itself. */
export class ControlObject extends DurableObject<Environment> {
  readonly #sql: Sql = openDurableSqlite(this.ctx.storage)

  constructor(...given: ConstructorParameters<typeof DurableObject<Environment>>) {
    super(...given)
    this.#sql.run(
      `create table if not exists profiles (number integer primary key autoincrement, id text not null unique)`,
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
  }

  remove(id: string): void {
    this.#sql.run(`delete from profiles where id = ?`, id)
  }
}

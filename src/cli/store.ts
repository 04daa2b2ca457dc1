// The store as commands open it that need nothing of PowerSchool.
import type { Config } from '../config.ts'
import { openDatabase } from '../node.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { migrate } from '../store/migrations.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import { localSettings } from './settings.ts'

/** Opens the profile's database, brings it up to date, and closes it after the work. Refuses with `settings-invalid`. */
export async function withStore(work: (sql: NodeSqlite, config: Config) => Promise<number>): Promise<number> {
  const config = localSettings()
  const sql = openDatabase(config)
  try {
    migrate(sql, STORAGE)
    return await work(sql, config)
  } finally {
    sql.close()
  }
}

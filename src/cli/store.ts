// The store as commands open it that need nothing of PowerSchool.
import type { Config } from '../config.ts'
import { openDatabase } from '../node/files.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { migrate } from '../store/migrations.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import type { CommandInput } from './command.ts'
import { profileOption } from './profile.ts'
import { localSettings } from './settings.ts'

/**
 * Opens the profile's database, brings it up to date, and closes it after the work. Refuses with `settings-invalid`, and
 * `not-found` for a profile that `--profile` names and that is not there.
 */
export async function withStore(
  input: Pick<CommandInput, 'values'>,
  work: (sql: NodeSqlite, config: Config, profile: string) => Promise<number>,
): Promise<number> {
  const config = localSettings()
  const profile = profileOption(input, config)
  const sql = openDatabase(config, { profile })
  try {
    migrate(sql, STORAGE)
    return await work(sql, config, profile)
  } finally {
    sql.close()
  }
}

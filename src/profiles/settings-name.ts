// By which mapping and settings a profile works: what was prepared by others is not to be published any more.
import { readMeta, writeMeta } from '../store/meta.ts'
import type { Sql } from '../store/sql.ts'
import { supersedePending } from '../store/supersede.ts'

const META = 'settings-name'

/**
 * When the profile is begun, by the name of its mapping and settings (see `mappingName`). The environment's may have changed
 * while nothing ran: what the guard holds, or what waited for the consumers, was made by those of before. No sync may run.
 */
export function beginWithSettings(sql: Sql, name: string): void {
  const before = readMeta(sql, META)
  if (before === name) return
  sql.transaction(() => {
    if (before !== undefined) supersedePending(sql)
    writeMeta(sql, META, name)
  })
}

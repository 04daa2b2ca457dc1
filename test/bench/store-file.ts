// What the bench sees of the bridge's database from outside: its size, its records, and whether anybody works in it.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'

const LOOK_MS = 20
/** Between a sync and what follows it the lock is given back for a moment. */
const LOOKS = 3
const BUSY_MS = 5_000

export interface StoreSize {
  /** Versions of records, of all collections. */
  readonly versions: number
  /** The highest `seq` of each record table: versions that come later stand behind it. */
  readonly last: ReadonlyMap<string, number>
  readonly fileBytes: number
  readonly logBytes: number
}

/** A sync is told as ended before the lists are deflated and the store is tidied; those who measure wait for that. */
export async function untilIdle(dataDir: string): Promise<void> {
  const database = open(dataDir)
  const locks = database.prepare(`select 1 from locks`)
  for (let free = 0; free < LOOKS; free++) {
    if (locks.get() !== undefined) free = -1
    await wait(LOOK_MS)
  }
  database.close()
}

export function storeSize(dataDir: string): StoreSize {
  const database = open(dataDir)
  let versions = 0
  const last = new Map<string, number>()
  for (const table of recordTables(database)) {
    const row = database.prepare(`select count(*) as versions, max(seq) as last from "${table}"`).get()
    versions += Number(row?.versions)
    last.set(table, Number(row?.last ?? 0))
  }
  database.close()
  return { versions, last, fileBytes: bytesOf(path(dataDir)), logBytes: bytesOf(`${path(dataDir)}-wal`) }
}

/** Versions that were written after `before` was looked at. */
export function versionsSince(dataDir: string, before: StoreSize): number {
  const database = open(dataDir)
  const added = recordTables(database).reduce((sum, table) => {
    const row = database
      .prepare(`select count(*) as added from "${table}" where seq > ?`)
      .get(before.last.get(table) ?? 0)
    return sum + Number(row?.added)
  }, 0)
  database.close()
  return added
}

function recordTables(database: DatabaseSync): string[] {
  return database
    .prepare(`select name from sqlite_schema where type = 'table' and name glob 'records_*'`)
    .all()
    .map(({ name }) => String(name))
}

function path(dataDir: string): string {
  return join(dataDir, 'default.sqlite')
}

function open(dataDir: string): DatabaseSync {
  return new DatabaseSync(path(dataDir), { readOnly: true, timeout: BUSY_MS })
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

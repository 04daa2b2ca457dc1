// What was published before, as a run of the mapping asks for it.
import type { PublishedRecords } from '../mapping/ports.ts'
import { openKeptIds, type PublishedRecord, publishedRecord } from '../store/kept-ids.ts'
import { currentSnapshot } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'

/** As of the snapshot that is current now. */
export function publishedRecords(sql: Sql): PublishedRecords {
  const ids = openKeptIds(sql, currentSnapshot(sql)?.generation ?? 0)
  const readers = new Map<string, PublishedRecord>()
  return {
    idOf: ids.idOf,
    recordOf(collection, sourcedId) {
      let read = readers.get(collection)
      if (read === undefined) {
        read = publishedRecord(sql, collection)
        readers.set(collection, read)
      }
      return read(sourcedId)
    },
  }
}

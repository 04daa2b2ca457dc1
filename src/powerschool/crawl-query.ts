// Reads a source through the plugin's PowerQueries: what has changed where that is enough, else all rows.

import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { PowerSchoolClient } from './client.ts'
import type { CrawlStore, QuerySource, QueryTemplate } from './crawl-ports.ts'
import type { QueryCall } from './query-ports.ts'
import { type QueryReading, readQuery } from './query-read.ts'

export interface QueryCrawl {
  readonly client: PowerSchoolClient
  readonly store: CrawlStore
  readonly log: Log
  readonly signal: AbortSignal
  /** Negative when what was read is thrown away. */
  readonly onRows: (change: number) => void
}

/**
 * Ends with all rows of the source in the store, or throws. All rows that an interrupted crawl was reading are gone on with. Of a
 * source whose changes can be asked for these are read, then the
 * keys of all rows, for a deleted row leaves no trace; where the two do not account for every row, all rows are read.
 */
export async function crawlQuery(source: QuerySource, crawl: QueryCrawl): Promise<void> {
  const { store, log } = crawl
  const { queries } = store
  const before = queries.rowsBefore(source.name)
  const since = before === undefined && source.incremental ? queries.changedSince(source.name) : undefined
  if (since !== undefined && (await readChanges(source, since, crawl))) return
  if (since !== undefined) log.warn('powerschool-changes-unclear', { source: source.name, since })
  await read(source.rows, source, crawl, {
    begin: () => queries.beginRows(source.name),
    rows: (rows, place) => queries.saveRows(source.name, rows, place),
    before,
  })
  await queries.finishRows(source.name)
}

async function readChanges(source: QuerySource, since: string, crawl: QueryCrawl): Promise<boolean> {
  const { queries } = crawl.store
  const { name, incremental } = source
  if (incremental === undefined) return false
  queries.beginUpdate(name)
  const changes: QueryReading = {
    begin: () => queries.beginChanges(name),
    rows: (rows) => queries.saveChanges(name, rows),
  }
  const keys: QueryReading = { begin: () => queries.beginKeys(name), rows: (rows) => queries.saveKeys(name, rows) }
  await read(incremental.changes, source, crawl, changes, { since: Number(since.replaceAll('-', '')) })
  // After the changes: a row that comes in between is in the keys, and tells that it is new.
  await read(incremental.keys, source, crawl, keys)
  return await queries.finishUpdate(name)
}

async function read(
  query: QueryTemplate,
  source: QuerySource,
  { client, store, log, signal, onRows }: QueryCrawl,
  reading: QueryReading,
  more: QueryCall['arguments'] = {},
): Promise<void> {
  let read = reading.before?.got ?? 0
  onRows(read)
  const call: QueryCall = { name: query.name, arguments: { ...argumentsOf(query, source, store), ...more } }
  const counting: QueryReading = {
    begin() {
      onRows(-read)
      read = 0
      return reading.begin()
    },
    rows(rows, place) {
      onRows(rows.length)
      read += rows.length
      return reading.rows(rows, place)
    },
    before: reading.before,
  }
  await readQuery(client, call, counting, { log, signal })
}

/** Refuses with `settings-invalid` when a setting has no single value. */
function argumentsOf({ settings }: QueryTemplate, { name }: QuerySource, store: CrawlStore): QueryCall['arguments'] {
  return Object.fromEntries(
    Object.entries(settings).map(([argument, setting]) => {
      const value = store.setting(setting)
      if ((typeof value === 'string' && value !== '') || typeof value === 'number') return [argument, value]
      const message = `The setting ${setting}, which the PowerQuery of source ${name} asks for, has no single value.`
      throw new BridgeError('settings-invalid', message, {
        remedy: `Give settings.${setting} a text or a number in the mapping.`,
      })
    }),
  )
}

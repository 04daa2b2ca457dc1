// Reads one list whole: its count, its pages, and the proof that none of it is missing.

import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { PowerSchoolClient } from './client.ts'
import type { CrawlStore } from './crawl-ports.ts'
import type { List } from './lists.ts'
import { eachInPool } from './pool.ts'
import { beginOrResume } from './resume.ts'
import { countedOf, hasUncounted, type Row, repeatsKey, rowsOf, singleRowOf } from './rows.ts'

const MAX_REPEATS = 3
/** Beyond the count, or without one: more pages than that mean a server that does not know where its list ends. */
const MAX_FURTHER_PAGES = 10_000

interface ReadListOptions {
  readonly pageSize: number
  readonly log: Log
  readonly signal?: AbortSignal | undefined
  readonly onTotal?: (total: number | undefined) => void
  /** `change` is negative when what was read of the list is thrown away. */
  readonly onRows?: (change: number) => void
  /** Called at once when a page fails; the list itself ends when its other pages have. */
  readonly onFailure?: (failure: unknown) => void
}

interface Shortfall {
  readonly expected: number | undefined
  readonly got: number
  readonly reason: string
  /** Nothing is missing if the count is taken to have "Graduated Students" in it. */
  readonly isWholeWithGraduates: boolean
}

/**
 * Ends with the list finished in the store, or throws. A list that ends short of its count, repeats a row or misses a part of
 * a page is read again up to three times and then refused with `powerschool-incomplete`; more rows than the count are fine.
 * What the store already holds of the list is not read again, and readings of earlier runs count.
 *
 * Of a list that an earlier crawl has proved to be a single page with room, the page comes first: if it holds just the rows that
 * it held, the list is finished without being counted.
 *
 * `/count` leaves out "Graduated Students". Of a server that counts them, a list of schools always looks one short; it is
 * taken for whole when every reading has shown just that, which a school lost by a passing fault does not.
 */
export async function readList(client: PowerSchoolClient, list: List, store: CrawlStore, options: ReadListOptions) {
  if (await isUnchanged(client, list, store, options)) return
  const before = store.shortReadings(list.source, list.list)
  let mayCountGraduates = hasUncounted(list.rows) && before?.areWholeWithGraduates !== false
  for (let reading = (before?.readings ?? 0) + 1; ; reading += 1) {
    const isLast = reading > MAX_REPEATS
    const shortfall = list.isSingle
      ? await readSingle(client, list, store, options)
      : await readPages(client, list, store, { ...options, reading, isLast, mayCountGraduates })
    if (shortfall === undefined) break
    const { expected, got, reason, isWholeWithGraduates } = shortfall
    mayCountGraduates &&= isWholeWithGraduates
    if (isLast) throw incomplete(list.path, shortfall, reading)
    options.log.warn('powerschool-list-again', { path: list.path, reason, expected, got, reading })
    await client.backOff(reading, list.path, options.signal)
  }
  await store.finishList(list.source, list.list)
}

/**
 * Finishes a list whose first page is what it was, without its count. Of another one the page is kept for the count that
 * follows. A full one is not: others may follow it, and must not have moved since the count.
 */
async function isUnchanged(client: PowerSchoolClient, list: List, store: CrawlStore, options: ReadListOptions) {
  const { source, list: id } = list
  const { pageSize, onTotal, onRows } = options
  if (list.isSingle || store.listState(source, id) !== undefined) return false
  if (!store.mayBeUnchanged(source, id, pageSize)) return false
  const rows = await getPage(client, list, 1, options)
  if (rows.length >= pageSize) return false
  if (await store.finishUnchanged(source, id, rows)) {
    onTotal?.(rows.length)
    onRows?.(rows.length)
    return true
  }
  store.openList(source, id, pageSize)
  const { repeated } = await savePage(list, store, 1, rows)
  if (repeated > 0 || repeatsKey(rows, list.keyPath)) store.restartList(source, id)
  else onRows?.(rows.length)
  return false
}

function savePage({ source, list, rows: place }: List, store: CrawlStore, page: number, rows: readonly Row[]) {
  return store.savePage(source, list, page, rows, rows.length - countedOf(rows, place))
}

function getPage(client: PowerSchoolClient, list: List, page: number, { pageSize, signal }: ReadListOptions) {
  const { path, rows, detail, filter } = list
  const query = { page, pagesize: pageSize, ...detail, ...filter }
  return client.get(path, { query, read: (body) => rowsOf(body, rows, path), signal })
}

async function readSingle(client: PowerSchoolClient, list: List, store: CrawlStore, options: ReadListOptions) {
  const { source, list: id, path, filter, detail } = list
  if (store.listState(source, id)?.pages.has(1)) return undefined
  const read = (body: unknown) => singleRowOf(body, list.rows, path)
  const rows = await client.get(path, { query: { ...detail, ...filter }, read, signal: options.signal })
  options.onTotal?.(1)
  store.beginList(source, id, 1)
  await store.savePage(source, id, 1, rows)
  options.onRows?.(1)
  return undefined
}

interface PagesOptions {
  readonly reading: number
  /** The list is refused if it is not whole this time. */
  readonly isLast: boolean
  /** Every reading before, if there was one, was whole with the graduated. */
  readonly mayCountGraduates: boolean
}

async function readPages(
  client: PowerSchoolClient,
  list: List,
  store: CrawlStore,
  options: ReadListOptions & PagesOptions,
): Promise<Shortfall | undefined> {
  const { source, list: id, path } = list
  const { pageSize, onRows, onFailure, reading, isLast, mayCountGraduates, log } = options
  const { total, rows: rowsBefore, ...begun } = await beginOrResume(client, list, store, options)
  const sizes = new Map(begun.sizes)
  let rowsGot = rowsBefore
  let rowsCounted = rowsBefore - begun.uncounted
  let shortfall: Shortfall | undefined

  const isSound = () => shortfall === undefined
  const mayHaveMore = (last: number) => (total === undefined ? sizes.get(last) !== 0 : rowsGot >= last * pageSize)

  function spoil(reason: string, isWholeWithGraduates = false): void {
    shortfall = { expected: total, got: rowsCounted, reason, isWholeWithGraduates }
    // At once, and not when the other pages have ended: a process that is killed meanwhile must not take it for sound.
    const areWholeWithGraduates = mayCountGraduates && isWholeWithGraduates
    store.restartList(source, id, isLast ? undefined : { readings: reading, areWholeWithGraduates })
    onRows?.(-rowsGot)
  }

  async function readPage(page: number): Promise<void> {
    const rows = await getPage(client, list, page, options)
    if (!isSound()) return
    const { repeated } = await savePage(list, store, page, rows)
    if (!isSound()) return
    sizes.set(page, rows.length)
    rowsGot += rows.length
    rowsCounted += countedOf(rows, list.rows)
    onRows?.(rows.length)
    if (repeated > 0 || repeatsKey(rows, list.keyPath)) spoil('a row came twice')
  }

  let last = Math.max(1, Math.ceil((total ?? 0) / pageSize), ...sizes.keys())
  if (!sizes.has(1)) await readPage(1)
  if (last > 1) await eachInPool(missingPages(last, begun.sizes, isSound), client.concurrency, readPage, onFailure)
  // Rows are added while we read, so the count is no end: a full page has another behind it.
  for (let further = 1; isSound() && mayHaveMore(last); further += 1) {
    last += 1
    if (further > MAX_FURTHER_PAGES) spoil('the list does not end')
    else await readPage(last)
  }
  const isShort = total !== undefined && rowsCounted < total
  const isWholeWithGraduates = isShort && rowsGot === total
  if (isSound() && isWholeWithGraduates && isLast && mayCountGraduates)
    log.warn('count-includes-graduated', { path, total })
  else if (isSound() && isShort) spoil('rows are missing', isWholeWithGraduates)
  if (isSound() && hasGap(sizes, pageSize)) spoil('a page before the last is not full')
  return shortfall
}

function* missingPages(last: number, pages: ReadonlyMap<number, number>, isSound: () => boolean): Generator<number> {
  for (let page = 2; page <= last && isSound(); page += 1) if (!pages.has(page)) yield page
}

/** A short page with rows behind it. */
function hasGap(sizes: ReadonlyMap<number, number>, pageSize: number): boolean {
  const last = Math.max(...[...sizes].filter(([, size]) => size > 0).map(([page]) => page))
  return [...sizes].some(([page, size]) => page < last && size < pageSize)
}

function incomplete(path: string, { expected, got, reason }: Shortfall, readings: number): BridgeError {
  const counted = expected === undefined ? 'does not count its rows' : `counts ${expected} rows`
  const message = `${path} ${counted} and delivered ${got}, read ${readings} times: ${reason}.`
  return new BridgeError('powerschool-incomplete', message, {
    remedy: 'Sync again when fewer people work in PowerSchool; if it stays, report the path to the PowerSchool host.',
  })
}

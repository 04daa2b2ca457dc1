// What a profile answers to the groups it is a member of: the facts about its snapshot, and the records of it.
import { readMeta, writeMeta } from '../store/meta.ts'
import { openPins, type PinnedQuery } from '../store/pins.ts'
import { findProfile } from '../store/profile.ts'
import { wasReleasedBetween } from '../store/released-syncs.ts'
import type { CollectionStorage } from '../store/schema.ts'
import { activeTotals, currentSnapshot, type Snapshot, snapshotAt } from '../store/snapshots.ts'
import type { Sql } from '../store/sql.ts'
import { listSyncs } from '../store/syncs.ts'
import { LINES_TYPE, writeEnd, writeRecord } from './member-lines.ts'
import { sliceOf } from './member-records.ts'

export interface MemberFacts {
  /** '' for none. */
  readonly idPrefix: string
  readonly isGroup: boolean
  /** Null before the first is published. */
  readonly snapshot: {
    readonly generation: number
    readonly publishedAt: string
    /** Active records by collection. */
    readonly totals: Readonly<Record<string, number>>
    /** What has changed since the generation that was asked about can be told. */
    readonly knowsSince: boolean
    /** A person has let go what its guard held since then; absent in an earlier version of the bridge. */
    readonly isReleased?: boolean
  } | null
  /** Without a snapshot: its first sync has not been tried in vain; absent in an earlier version of the bridge. */
  readonly isComing?: boolean
}

export interface MemberApiOptions {
  readonly sql: Sql
  readonly now: () => number
  /** A generation is kept for so long after a group has last read of it. */
  readonly pinLifetimeMs: number
  readonly idPrefix: string
  readonly isGroup: boolean
  readonly collections: readonly CollectionStorage[]
  /** Lets others in between two slices of records. */
  readonly pause: () => Promise<void>
  readonly sizes?: Partial<PageSizes>
}

export interface PageSizes {
  /** Records in one answer, at least. */
  readonly page: number
  /** Records that are read from the store at once. */
  readonly step: number
}

export const MEMBER_PATHS = { facts: '/internal/member', records: '/internal/records' } as const

const SIZES: PageSizes = { page: 5_000, step: 100 }
const NO_STORE = { 'Cache-Control': 'no-store' }

/**
 * Answers `GET /internal/member[?group=ID&since=N&sinceTime=T]` and `GET /internal/records?group=ID&collection=…&generation=N
 * &publishedAt=T[&since=N][&after=ID]`; undefined for every other path. With a group, the newest generation is pinned for it, and its id is
 * remembered: it is told when this profile publishes. 410 when the generation is no longer there. Never for the outside.
 */
export function createMemberApi(options: MemberApiOptions): (request: Request) => Response | undefined {
  const { sql, now, pinLifetimeMs: lifetimeMs, collections } = options
  const pins = openPins(sql, { now, lifetimeMs })

  function facts({ idPrefix, isGroup }: MemberApiOptions, query: URLSearchParams): MemberFacts {
    const group = query.get('group')
    if (group !== null) remember(sql, group)
    const snapshot = group === null ? currentSnapshot(sql) : pins.begin(pinOf(group))
    if (snapshot === undefined) return { idPrefix, isGroup, snapshot: null, isComing: isComing(sql) }
    return { idPrefix, isGroup, snapshot: factsOf(sql, snapshot, collections, query) }
  }

  function records(query: URLSearchParams): Response {
    const storage = collections.find(({ name }) => name === query.get('collection'))
    const pin = pinOf(query.get('group') ?? '')
    const generation = Number(query.get('generation'))
    if (storage === undefined) return Response.json({ error: 'not-found' }, { status: 404 })
    const snapshot = pins.follow(pin)
    // The store may have been made anew, and have come to the same number again.
    const isSame = snapshot?.generation === generation && snapshot.time === query.get('publishedAt')
    if (!isSame) return Response.json({ error: 'gone' }, { status: 410 })
    const since = Number(query.get('since') ?? 0)
    const from = { generation, since, after: query.get('after') ?? '' }
    const lines = pageOf(options, storage, from, () => pins.isKept(pin, generation))
    return new Response(streamOf(lines), { headers: { ...NO_STORE, 'Content-Type': LINES_TYPE } })
  }

  return (request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (request.method !== 'GET') return undefined
    if (pathname === MEMBER_PATHS.facts) return Response.json(facts(options, searchParams), { headers: NO_STORE })
    return pathname === MEMBER_PATHS.records ? records(searchParams) : undefined
  }
}

/** A sync that was stopped tells nothing. */
function isComing(sql: Sql): boolean {
  const { state = 'provisioned', tries = 0, isPaused = false } = findProfile(sql) ?? {}
  const mayCome = state === 'provisioned' || (state === 'provisioning' && tries === 0)
  const told = listSyncs(sql).find(({ status }) => status !== 'paused')
  return mayCome && !isPaused && (told === undefined || told.status === 'inProgress')
}

const pinOf = (group: string): PinnedQuery => ({ reader: `group ${group}`, consumer: `group ${group}`, query: 'group' })

function factsOf(
  sql: Sql,
  { generation, time }: Snapshot,
  collections: readonly CollectionStorage[],
  query: URLSearchParams,
): NonNullable<MemberFacts['snapshot']> {
  const since = Number(query.get('since') ?? 0)
  const totals = activeTotals(sql, generation)
  // By number and time: the store may be another one than the group has read, or a copy of an earlier state.
  const knowsSince = since > 0 && snapshotAt(sql, since)?.time === query.get('sinceTime')
  return {
    generation,
    publishedAt: time,
    totals: Object.fromEntries(collections.map(({ name }) => [name, totals.get(name) ?? 0])),
    knowsSince,
    isReleased: knowsSince && wasReleasedBetween(sql, since, generation),
  }
}

/** The mark at the end only when everything was there all along: without it nothing counts as whole. */
async function* pageOf(
  { sql, pause, sizes }: MemberApiOptions,
  storage: CollectionStorage,
  from: { readonly generation: number; readonly since: number; readonly after: string },
  isKept: () => boolean,
): AsyncGenerator<string> {
  const { page, step } = { ...SIZES, ...sizes }
  let { after } = from
  for (let records = 0; ; ) {
    const slice = sliceOf(sql, storage, { ...from, after, limit: step })
    records += slice.length
    const isLast = slice.length < step
    // What clean-up may have taken from it meanwhile is not missing: it is a page of nothing, which has no end.
    if (!isKept()) return
    yield slice.map(writeRecord).join('')
    if (isLast || records >= page) return yield writeEnd({ records, isLast })
    after = slice.at(-1)?.sourcedId ?? after
    await pause()
  }
}

/** Made as it is read. */
function streamOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      for (let next = await texts.next(); !next.done; next = await texts.next()) {
        if (next.value === '') continue
        controller.enqueue(encoder.encode(next.value))
        return
      }
      controller.close()
    },
    async cancel() {
      await texts.return(undefined)
    },
  })
}

const READERS = 'group-readers'

/** The groups that have read this profile. */
export function groupsReading(sql: Sql): readonly string[] {
  // Written by this file only.
  return JSON.parse(readMeta(sql, READERS) ?? '[]') as string[]
}

export function forgetGroup(sql: Sql, group: string): void {
  writeMeta(sql, READERS, JSON.stringify(groupsReading(sql).filter((known) => known !== group)))
}

function remember(sql: Sql, group: string): void {
  const known = groupsReading(sql)
  if (!known.includes(group)) writeMeta(sql, READERS, JSON.stringify([...known, group]))
}

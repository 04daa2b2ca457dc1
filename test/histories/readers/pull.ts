// One pull of a list, page by page as its reader pages, and what must hold of any pull.
import { gunzipSync } from 'node:zlib'
import { contentOf, type Json } from '../content.ts'
import type { Answer } from '../process.ts'
import type { Generation } from '../truth.ts'
import type { World } from '../world.ts'
import type { Badge } from './access.ts'
import { addressOf, type Filter, type List, parametersOf, recordsOf, seenBy } from './list.ts'
import type { ReaderPlan } from './plan.ts'

export interface Reader {
  readonly name: string
  readonly plan: ReaderPlan
  readonly world: World
  readonly badge: Badge
  /** The number of the school that it is narrowed to. */
  readonly school: string | undefined
}

export interface ReadRecord {
  readonly isActive: boolean
  /** Its dateLastModified and all that it says. */
  readonly text: string
  readonly json: Json
}

/** When a request was sent and answered, by the clock that never steps back. */
export interface Ask {
  readonly fromMs: number
  readonly toMs: number
}

export interface Pull {
  readonly list: List
  readonly records: ReadonlyMap<string, ReadRecord>
  /** What the clock showed just before the first request. */
  readonly notedMs: number
  readonly asks: readonly Ask[]
  /** The generations that it may be of, and is the content of. */
  readonly generations: readonly Generation[]
}

/** The reader leaves it and begins its run anew. */
export class GivenUp extends Error {}

interface Progress {
  readonly reader: Reader
  readonly list: List
  readonly filter: Filter
  readonly records: Map<string, ReadRecord>
  readonly totals: Set<number>
  readonly asks: Ask[]
  read: number
}

interface Page {
  readonly count: number
  readonly total: number
  readonly next: string | undefined
  /** The newest generations when it was asked for and when it had been answered. */
  readonly first: number
  readonly last: number
}

export async function pull(reader: Reader, list: List, filter: Filter): Promise<Pull> {
  const { world, plan } = reader
  const records = new Map<string, ReadRecord>()
  const progress: Progress = { reader, list, filter, records, totals: new Set(), asks: [], read: 0 }
  let notedMs = 0
  // A clock that steps back between the note and the answer would betray any reader.
  const first = await world.scheduler.withoutStepBack(() => {
    notedMs = world.scheduler.now()
    return turnPage(progress, 0, limitOf(plan, 0))
  })
  if (!plan.isHead) await turnOtherPages(progress, first)
  const { verdict, truth } = world
  const name = `${reader.name}: ${describe(list, filter)}`
  if (progress.totals.size > 1) verdict.report('total-wavers', `${name}: ${[...progress.totals]}`)
  if (!plan.isHead && (progress.read !== first.total || records.size !== first.total)) {
    verdict.report(
      'total-wrong',
      `${name}: ${progress.read} records, ${records.size} ids, X-Total-Count ${first.total}`,
    )
  }
  const candidates = truth.between(first.first, first.last)
  const generations = candidates.filter((generation) => isContent(progress, generation))
  if (generations.length === 0) {
    const last = candidates.at(-1)
    const others = truth.between(0, Number.POSITIVE_INFINITY).filter((generation) => isContent(progress, generation))
    const what = `${name}: ${[...progress.totals]} records of [${numbersOf(candidates)}]`
    const unlike = last === undefined ? '' : difference(progress, last)
    verdict.report(plan.isHead ? 'total-wrong' : 'no-generation', `${what}; ${unlike}; fits [${numbersOf(others)}]`)
  }
  world.tally.add('pulls')
  world.tally.add(filter.since === undefined ? 'full pulls' : 'delta pulls')
  world.tally.add('records', progress.read)
  return { list, records, notedMs, asks: progress.asks, generations }
}

const numbersOf = (generations: readonly Generation[]) => generations.map(({ number }) => number).join()

async function turnOtherPages(progress: Progress, first: Page): Promise<void> {
  const { reader } = progress
  const { plan, world } = reader
  const { random, scheduler } = world
  const rest = async () => {
    const ms = random.int(0, plan.betweenPagesMs)
    await scheduler.sleep(world, ms)
    if (!world.isSafe && random.chance(plan.givesUp)) throw new GivenUp('as readers do')
  }
  if (plan.paging === 'parallel') {
    const limit = limitOf(plan, 0)
    const offsets = Array.from({ length: Math.ceil(first.total / limit) }, (_, page) => page * limit).slice(1)
    await rest()
    await Promise.all(offsets.map((offset) => turnPage(progress, offset, limit)))
    return
  }
  let page = first
  for (let nth = 1; hasMore(plan, progress, page); nth += 1) {
    await rest()
    // The limit of a link is the link's; other readers may change theirs as they go.
    page = await turnPage(progress, progress.read, limitOf(plan, plan.paging === 'link' ? 0 : nth), page.next)
  }
}

function hasMore({ paging }: ReaderPlan, { read }: Progress, page: Page): boolean {
  if (paging === 'link') return page.next !== undefined
  return paging === 'until-empty' ? page.count > 0 : read < page.total && page.count > 0
}

function limitOf({ limits }: ReaderPlan, nth: number): number {
  return limits[nth % limits.length] ?? 100
}

async function turnPage(progress: Progress, offset: number, limit: number, link?: string): Promise<Page> {
  const { reader, list, filter, records } = progress
  const { world } = reader
  const query = [...parametersOf(list, filter), ['limit', String(limit)], ['offset', String(offset)]] as const
  const { answer, first, last } = await persist(progress, link, query)
  const total = Number(answer.headers.get('x-total-count') ?? Number.NaN)
  progress.totals.add(total)
  world.tally.add('pages')
  if (reader.plan.isHead) return { count: 0, total, next: undefined, first, last }
  const found = recordsIn(answer, list)
  for (const record of found) {
    const id = String(record.sourcedId)
    if (records.has(id)) world.verdict.report('record-twice', `${reader.name}: ${describe(list, filter)}: ${id}`)
    records.set(id, {
      isActive: record.status === 'active',
      text: `${record.dateLastModified} ${contentOf(record)}`,
      json: record,
    })
  }
  progress.read += found.length
  const next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
  return { count: found.length, total, next, first, last }
}

function recordsIn({ bytes, headers }: Answer, { collection }: List): readonly Json[] {
  const text = new TextDecoder().decode(headers.get('content-encoding') === 'gzip' ? gunzipSync(bytes) : bytes)
  const body = JSON.parse(text) as Readonly<Record<string, readonly Json[]>>
  return body[collection] ?? []
}

const ATTEMPTS = 60

interface Persisted {
  readonly answer: Answer
  readonly first: number
  readonly last: number
}

/** Asks until there is an answer: while the bridge is dead, and while it says that it is not ready yet. */
async function persist(
  { reader, list, filter, asks }: Progress,
  link: string | undefined,
  query: readonly (readonly [string, string])[],
): Promise<Persisted> {
  const { world, badge, plan, school } = reader
  const { scheduler, random, truth, verdict, tally } = world
  const before = asks.at(-1)
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const server = world.server()
    const linked = link === undefined ? undefined : addressAndQuery(link)
    const method = plan.isHead ? 'HEAD' : 'GET'
    const shown = await badge.show(method, linked?.address ?? addressOf(list), linked?.query ?? query)
    if (server === undefined || shown === undefined || server !== world.server()) {
      await scheduler.sleep(world, random.int(500, 20_000))
      continue
    }
    await scheduler.turn(world)
    // Its pins may have ended: nothing is promised to who pauses for so long.
    if (before !== undefined && scheduler.elapsed() - before.fromMs >= world.plan.pinLifetimeMs) {
      tally.add('pulls that paused for too long')
      throw new GivenUp('the pin may have ended')
    }
    const first = truth.newest()
    const fromMs = scheduler.elapsed()
    const mayWait = first === undefined || seenBy(first, school) === undefined
    const answer = await server.ask(shown.address, {
      method,
      headers: { authorization: shown.authorization, ...(plan.isGzip ? { 'accept-encoding': 'gzip' } : {}) },
    })
    tally.add(`requests: ${plan.kind}`)
    if (answer?.status === 200) {
      asks.push({ fromMs, toMs: scheduler.elapsed() })
      return { answer, first: first?.number ?? 0, last: truth.newest()?.number ?? 0 }
    }
    if (answer !== undefined) {
      const wait = Number(answer.headers.get('retry-after') ?? Number.NaN)
      if (answer.status !== 503 || !mayWait || !(wait > 0)) {
        const text = new TextDecoder().decode(answer.bytes).slice(0, 300)
        const what = `${reader.name}: ${describe(list, filter)} ${query.slice(-2).map(([, value]) => value)}`
        verdict.report('answer-unexpected', `${what} got ${answer.status}: ${text}`)
        throw new GivenUp('an answer that must not be')
      }
      tally.add('answers: not ready yet')
      await scheduler.sleep(world, wait * 1_000)
    } else await scheduler.sleep(world, random.int(500, 20_000))
  }
  throw new GivenUp('nobody answers')
}

function addressAndQuery(link: string): { address: string; query: readonly (readonly [string, string])[] } {
  const url = new URL(link)
  return { address: url.pathname, query: [...url.searchParams] }
}

function isContent(progress: Progress, generation: Generation): boolean {
  const expected = expectedOf(progress, generation)
  if (expected === undefined) return false
  if (progress.reader.plan.isHead) return [...progress.totals].every((total) => total === expected.size)
  if (expected.size !== progress.records.size) return false
  const { version } = progress.list
  for (const [id, { time, content }] of expected) {
    if (progress.records.get(id)?.text !== `${time} ${content[version]}`) return false
  }
  return true
}

function expectedOf({ reader, list, filter }: Progress, generation: Generation) {
  const roster = seenBy(generation, reader.school)
  return roster && recordsOf(list, filter, roster)
}

function difference(progress: Progress, generation: Generation): string {
  const expected = expectedOf(progress, generation)
  if (expected === undefined) return 'nothing is known of what it may see'
  const { records, list } = progress
  const missing = [...expected.keys()].filter((id) => !records.has(id))
  const extra = [...records.keys()].filter((id) => !expected.has(id))
  const unlike = [...expected].filter(([id, { time, content }]) => {
    const record = records.get(id)
    return record !== undefined && record.text !== `${time} ${content[list.version]}`
  })
  const few = (ids: readonly string[]) => `${ids.length} (${ids.slice(0, 3)})`
  const [one] = unlike
  const example = one && `${one[1].time} ${one[1].content[list.version]} is ${records.get(one[0])?.text}`
  return `beside ${generation.number}: missing ${few(missing)}, extra ${few(extra)}, unlike ${few(unlike.map(([id]) => id))} ${example ?? ''}`
}

export function describe({ path, version, role }: List, { since, isActiveOnly }: Filter): string {
  const parts = [isActiveOnly ? 'active' : '', role ?? '', since === undefined ? '' : new Date(since).toISOString()]
  return `${version} ${path} ${parts.filter((part) => part !== '').join(' ')}`.trim()
}

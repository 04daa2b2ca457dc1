// A reader: its runs, the copy that it keeps of the roster, and what must hold of both.
import { COLLECTION_OF, COLLECTIONS, type Collection, referencesIn } from '../content.ts'
import { schoolNumbers } from '../district.ts'
import type { World } from '../world.ts'
import { addConsumer, createBadge } from './access.ts'
import { type Filter, type List, recordsOf, seenBy } from './list.ts'
import type { ReaderPlan } from './plan.ts'
import { describe, GivenUp, type Pull, pull, type Reader } from './pull.ts'

interface Copy {
  readonly list: List
  /** Active records: id → dateLastModified and all that it says. */
  readonly records: ReadonlyMap<string, string>
  /** What was noted before the pull that it was right after. */
  readonly notedMs: number
}

export interface Actor {
  readonly name: string
  /** Runs until the history is over. */
  live(): Promise<void>
  /** One whole run, whatever it takes. */
  runOnce(): Promise<void>
  /** Each list's copy. */
  readonly copies: () => readonly Copy[]
  readonly reader: Reader
}

const ATTEMPTS = 30

export async function createReader(world: World, plan: ReaderPlan, nth: number): Promise<Actor> {
  const server = world.server()
  if (server === undefined) throw new Error('readers are made while a server runs')
  const school = plan.isNarrowed ? String(world.random.pick(schoolNumbers(world.district))) : undefined
  const id = `reader-${nth}`
  const credentials = await addConsumer(server.file, id, school === undefined ? null : [school])
  const reader: Reader = {
    name: `${id} (${plan.kind})`,
    plan,
    world,
    badge: createBadge(world, plan.access, credentials),
    school,
  }
  const copies = new Map<string, Copy>()
  let runs = 0

  const run = async (): Promise<void> => {
    reader.badge.renew()
    const pulls: Pull[] = []
    const fresh = new Map<string, Copy>()
    let notedMs: number | undefined
    const lists = listsOf(reader)
    for (const list of lists) {
      const key = `${list.path} ${list.role ?? ''}`
      const known = copies.get(key)
      const filter = filterOf(reader, list, known)
      const pulled = await pull(reader, list, filter)
      notedMs ??= pulled.notedMs
      pulls.push(pulled)
      if (plan.isHead) continue
      const copy = {
        list,
        records: apply(filter, known, pulled),
        notedMs: plan.strategy === 'delta-by-run' ? notedMs : pulled.notedMs,
      }
      checkCopy(reader, list, filter, copy, pulled)
      if (plan.strategy === 'delta-by-run') fresh.set(key, copy)
      else copies.set(key, copy)
    }
    for (const [key, copy] of fresh) copies.set(key, copy)
    checkRun(reader, pulls)
    runs += 1
    world.tally.add('runs')
    world.tally.add(`runs: ${plan.kind}`)
  }

  const runOnce = async (): Promise<void> => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      try {
        return await run()
      } catch (error) {
        if (!(error instanceof GivenUp)) throw error
        world.tally.add('runs given up')
        await world.scheduler.sleep(world, world.random.int(0, 30_000))
        if (world.isOver && !world.isSafe && attempt > 3) return
      }
    }
  }

  return {
    name: reader.name,
    reader,
    copies: () => [...copies.values()],
    runOnce,
    async live() {
      await world.scheduler.sleep(world, world.random.int(0, 120_000))
      while (!world.isOver) {
        await runOnce()
        if (!world.isOver) await world.scheduler.sleep(world, world.random.int(0, plan.betweenRunsMs))
      }
      world.tally.most('most runs of a reader', runs)
    },
  }
}

function listsOf({ plan, world }: Reader): readonly List[] {
  const { version } = plan
  if (plan.lists === 'roles') {
    return [
      ...(['student', 'teacher'] as const).map((role) => roleList('users', role)),
      ...(['student', 'teacher'] as const).map((role) => roleList('enrollments', role)),
    ]
  }
  if (plan.lists === 'schools') {
    const schools = [...(world.truth.newest()?.whole.orgs.values() ?? [])]
      .filter(({ json, isActive }) => isActive && json.type === 'school')
      .map(({ sourcedId }) => sourcedId)
    return schools.flatMap((school) => schoolLists(school))
  }
  return COLLECTIONS.map((collection) => ({ collection, path: `/${collection}`, version }))
}

const roleList = (collection: Collection, role: 'student' | 'teacher'): List => ({
  collection,
  path: `/${collection}`,
  version: 'v1p1',
  role,
  filtersRole: true,
})

function schoolLists(school: string): readonly List[] {
  const list = (collection: Collection, name: string, role?: 'student' | 'teacher'): List => ({
    collection,
    path: `/schools/${school}/${name}`,
    version: 'v1p1',
    school,
    ...(role === undefined ? {} : { role }),
  })
  return [
    list('enrollments', 'enrollments'),
    list('classes', 'classes'),
    list('users', 'students', 'student'),
    list('users', 'teachers', 'teacher'),
  ]
}

/** A delta where the copy's cursor is younger than the first tombstones that may have gone; else everything. */
function filterOf({ plan, world }: Reader, list: List, known: Copy | undefined): Filter {
  if (plan.strategy === 'unfiltered') return {}
  // Who moves to another school leaves no trace in the list of the first: only what stays may be read by delta there.
  const isMovable = list.school !== undefined && list.collection === 'users'
  const age = known === undefined ? Number.POSITIVE_INFINITY : world.scheduler.latest() - known.notedMs
  const isDelta = plan.strategy !== 'full' && !isMovable && age < world.plan.tombstoneLifetimeMs / 2
  if (!isDelta || known === undefined) return { isActiveOnly: true }
  return { since: known.notedMs, isInclusive: plan.isInclusive }
}

/** As School Data Sync: what is active replaces what was held, what is to be deleted goes. */
function apply({ since }: Filter, known: Copy | undefined, { records }: Pull): ReadonlyMap<string, string> {
  const copy = new Map(since === undefined ? [] : known?.records)
  for (const [id, { isActive, text }] of records) {
    if (isActive) copy.set(id, text)
    else copy.delete(id)
  }
  return copy
}

function checkCopy(reader: Reader, list: List, filter: Filter, copy: Copy, pulled: Pull): void {
  if (filter.since === undefined || pulled.generations.length === 0) return
  const faults = pulled.generations.map((generation) => {
    const roster = seenBy(generation, reader.school)
    return roster === undefined ? [] : faultsOf(copy, recordsOf(list, {}, roster))
  })
  if (faults.some((found) => found.length === 0)) return
  const numbers = pulled.generations.map(({ number }) => number)
  const what = `${reader.name}: ${describe(list, filter)} of [${numbers}]`
  reader.world.verdict.report('copy-wrong', `${what}: ${(faults.at(-1) ?? []).slice(0, 4).join('; ')}`)
}

/** Where a copy differs from what it should be. */
export function faultsOf(
  { records, list }: Pick<Copy, 'records' | 'list'>,
  expected: ReturnType<typeof recordsOf>,
): readonly string[] {
  const faults: string[] = []
  for (const [id, { time, content }] of expected) {
    const text = records.get(id)
    if (text === undefined) faults.push(`${id} of ${time} is missing`)
    else if (text !== `${time} ${content[list.version]}`)
      faults.push(`${id} should be of ${time}, is of ${text.slice(0, 24)}`)
  }
  for (const [id, text] of records) if (!expected.has(id)) faults.push(`${id} of ${text.slice(0, 24)} should be gone`)
  return faults
}

/** A run within politeness sees one generation, in which every reference leads somewhere. */
function checkRun(reader: Reader, pulls: readonly Pull[]): void {
  const { world } = reader
  const asks = pulls.flatMap((one) => one.asks).sort((left, right) => left.fromMs - right.fromMs)
  const [first] = asks
  if (first === undefined || pulls.some(({ generations }) => generations.length === 0)) return
  const endMs = Math.max(...asks.map(({ toMs }) => toMs))
  const { quietMs, maxWaitMs } = world.plan
  const isQuick = asks.every((ask, at) => at === 0 || ask.toMs - (asks[at - 1]?.fromMs ?? 0) < quietMs)
  // A publish that began to wait before the run does not wait for all of it, and one that a person released waits for nobody.
  const isForced = world.publishes.some(
    ({ atMs, notBeforeMs, isReleased }) =>
      atMs >= first.fromMs && atMs <= endMs && (isReleased || atMs - notBeforeMs >= maxWaitMs),
  )
  if (!isQuick || endMs - first.fromMs >= maxWaitMs || isForced) return
  world.tally.add('runs within politeness')
  const common = pulls[0]?.generations.filter((generation) =>
    pulls.every(({ generations }) => generations.some(({ number }) => number === generation.number)),
  )
  if (common?.length === 0) {
    const seen = pulls.map(({ generations }) => generations.map(({ number }) => number).join('|'))
    world.verdict.report('run-torn', `${reader.name}: ${seen.join(' ')}`)
    return
  }
  if (reader.plan.strategy === 'full' && reader.plan.lists === 'collections') checkLinks(reader, pulls)
}

function checkLinks(reader: Reader, pulls: readonly Pull[]): void {
  const read = new Map(pulls.map(({ list, records }) => [list.collection, records]))
  for (const { list, records } of pulls) {
    for (const [id, { json }] of records) {
      const lost = referencesIn(json).find(({ sourcedId, type }) => {
        const collection = COLLECTION_OF[type]
        return collection === undefined || !read.get(collection)?.has(sourcedId)
      })
      if (lost === undefined) continue
      const what = `${list.collection}/${id} → ${lost.type} ${lost.sourcedId}`
      reader.world.verdict.report('dangling-in-run', `${reader.name}: ${what}`)
    }
  }
}

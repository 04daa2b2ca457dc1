// Seeded lives of groups: members change, fail, lose their stores, leave and come back; syncs are parted and torn anywhere. The
// group always shows what of each member it has told that it shows, and a reader of deltas misses nothing.
import { describe, expect, it } from 'vitest'
import { COLLECTIONS } from '../../src/oneroster/model.ts'
import { currentSnapshot } from '../../src/store/snapshots.ts'
import { type Random, seeded } from '../oneroster/random.ts'
import type { Roster } from '../support/roster.ts'
import { openGroup, type TestGroup } from './group.ts'
import { release } from './release.ts'
import { live, type Member, openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const SEEDS = 10
const ROUNDS = 9
const ORGS = [null, { name: 'Valleys', identifier: '7' }, { name: 'Hills', identifier: '8' }] as const

describe('a group', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => [seed]))('lives through seed %i', async (seed) => {
    const random = seeded(seed)
    const clock = { now: Date.parse('2026-11-18T18:00:00Z') }
    const all = ['a', 'b', 'c7'].map((id) =>
      openMember({
        id,
        clock,
        students: 3 + random.below(5),
        sizes: { page: 1 + random.below(6), step: 1 + random.below(3) },
      }),
    )
    let members: readonly Member[] = all.slice(0, 2)
    let org: (typeof ORGS)[number] = random.pick(ORGS)
    let breaks = endlessly()
    let group = await openGroup({ members, org, clock, batch: 1 + random.below(3), pause: () => breaks.pause() })
    /** What the group has told of each member. */
    const held = new Map<string, Roster>()
    const reader = createDeltaReader()

    for (let round = 0; round < ROUNDS; round++) {
      for (const member of all) {
        live(member.town, random)
        if (random.chance(0.6)) member.publish()
        if (random.chance(0.05)) member.lose()
        member.broken = random.chance(0.2) ? failing(random) : undefined
      }
      if (random.chance(0.25)) members = all.filter(() => random.chance(0.7))
      if (members.length === 0) members = all.slice(0, 1)
      if (random.chance(0.15)) org = random.pick(ORGS)
      breaks = endlessly()
      group = await group.reopened({ members, org })

      const id = `sync-${round}`
      let record: Awaited<ReturnType<TestGroup['syncNow']>> | undefined
      for (let step = 0; record === undefined || record.status === 'inProgress'; step++) {
        const signal = new AbortController()
        const end = () => signal.abort()
        breaks =
          step < 40 && random.chance(0.6)
            ? breakAfter(random.below(60), random.chance(0.5) ? end : undefined)
            : endlessly()
        const running = group.syncNow({ signal: signal.signal, computeMs: random.chance(0.5) ? 0 : 1_000, end }, id)
        record = await Promise.race([running, breaks.torn])
        if (record === undefined) group = await group.reopened({ members, org })
      }
      const isReleased = record.status === 'validationError' && random.chance(0.5)
      if (isReleased) expect((await release(group, id)).status).toBe(200)
      if (isReleased || record.status === 'success') {
        for (const { id: member, state, problem } of record.report.members) {
          const { sql, broken, town } = all.find((one) => one.id === member) as Member
          const isFine = broken === undefined && currentSnapshot(sql) !== undefined && town.students.size > 0
          const mayStay = problem?.code === 'member-empty' || problem?.code === 'successor-unread'
          if (isFine && !mayStay) expect(['merged', 'left']).toContain(state)
          expect(problem?.code).not.toBe('totals-differ')
          if (state === 'merged') held.set(member, published({ sql }))
          if (state === 'left-out') held.delete(member)
        }
        // A process that is torn away after the publish runs another sync under this id: only the one before tells who left.
        // One that goes stays while a new member cannot be asked whether it is in its place.
        const stays = record.report.members.flatMap((member) => (member.state === 'kept' ? [member.id] : []))
        for (const id of held.keys()) {
          if (!members.some((member) => member.id === id) && !stays.includes(id)) held.delete(id)
        }
        const expected = [...held.entries()].sort().map(([, roster]) => roster)
        const above = org === null ? undefined : { sourcedId: `dist${org.identifier}`, ...org }
        expect(published(group)).toEqual(expectedOf(expected, above))
      } else if (record.status !== 'validationError') expect(record.error).toMatchObject({ code: 'members-unread' })
      expectTotals(group)
      await reader.follow(group)
    }
  })
})

/** Answers that a member gives while it is in trouble. */
function failing(random: Random): Member['broken'] {
  const share = random.pick([0.3, 1])
  return async (answer) => {
    if (!random.chance(share)) return answer
    const text = await answer.text()
    return random.chance(0.5)
      ? new Response(null, { status: 502 })
      : new Response(text.slice(0, random.below(text.length + 1)))
  }
}

interface Breaks {
  readonly pause: () => Promise<void>
  /** Resolves when the process is torn away. */
  readonly torn: Promise<undefined>
}

const endlessly = (): Breaks => ({ pause: async () => {}, torn: new Promise(() => {}) })

/** After so many pieces of work the step ends or, without `end`, the process is gone: nothing of it runs on. */
function breakAfter(pieces: number, end: (() => void) | undefined): Breaks {
  let done = 0
  let tear = (_: undefined) => {}
  const torn = new Promise<undefined>((resolve) => {
    tear = resolve
  })
  return {
    torn,
    async pause() {
      done += 1
      if (done <= pieces) return
      if (end !== undefined) return end()
      tear(undefined)
      await new Promise(() => {})
    },
  }
}

function expectTotals({ sql }: TestGroup): void {
  const generation = currentSnapshot(sql)?.generation
  if (generation === undefined) return
  for (const collection of COLLECTIONS) {
    const [total] = sql.all<{ active: number }>(
      'select active from totals where generation = ? and collection = ?',
      generation,
      collection,
    )
    expect([collection, total?.active]).toEqual([collection, published({ sql })[collection]?.size])
  }
}

interface Change {
  readonly sourcedId: string
  readonly status: string
  readonly [field: string]: unknown
}

/** Reads everything once, and from then on only what has changed since it has read last. */
function createDeltaReader() {
  const mirror = new Map(COLLECTIONS.map((collection) => [collection as string, new Map<string, unknown>()]))
  let cursor = '1970-01-01T00:00:00.000Z'
  return {
    async follow(group: TestGroup): Promise<void> {
      if (currentSnapshot(group.sql) === undefined) return
      const next = new Date(group.clock.now).toISOString()
      for (const [collection, records] of mirror) {
        const answer = await group.get(`/${collection}?limit=10000&filter=dateLastModified>'${cursor}'`)
        const { [collection]: changes = [] } = (await answer.json()) as Record<string, Change[]>
        for (const { sourcedId, status, ...fields } of changes) {
          if (status === 'active') records.set(sourcedId, fields)
          else records.delete(sourcedId)
        }
        expect([collection, [...records.keys()].sort()]).toEqual([
          collection,
          [...(published(group)[collection]?.keys() ?? [])].sort(),
        ])
        for (const [sourcedId, { name, givenName, type }] of published(group)[collection] ?? []) {
          expect(records.get(sourcedId)).toMatchObject(JSON.parse(JSON.stringify({ name, givenName, type })))
        }
      }
      cursor = next
    },
  }
}

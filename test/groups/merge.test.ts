// A group's roster is the union of its members' published snapshots, whatever becomes of them.
import { describe, expect, it } from 'vitest'
import { drain, type Roster } from '../support/roster.ts'
import type { Clock } from '../support/test-runtime.ts'
import { type GroupOptions, openGroup, statesOf, type TestGroup } from './group.ts'
import { release } from './release.ts'
import { addStudent, type Member, openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const START = Date.parse('2026-11-18T18:00:00Z')

interface Opened {
  readonly clock: Clock
  readonly a: Member
  readonly b: Member
  readonly group: TestGroup
}

/** Two published members and their group, synced. */
async function openTwo(options: Partial<GroupOptions> = {}): Promise<Opened> {
  const clock = { now: START }
  const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock, students: 4 })]
  a.publish()
  b.publish()
  const group = await openGroup({ members: [a, b], clock, ...options })
  expect(await group.syncNow()).toMatchObject({ status: 'success', report: { generation: 1, isPublished: true } })
  return { clock, a, b, group }
}

async function expectUnion(group: TestGroup, rosters: readonly Roster[], org?: Parameters<typeof expectedOf>[1]) {
  expect(await drain(group)).toEqual(expectedOf(rosters, org))
}

const cut = async (answer: Response): Promise<Response> => {
  const text = await answer.text()
  return new Response(text.slice(0, text.length - 20), { status: 200 })
}
const onRecords =
  (spoil: (answer: Response) => Response | Promise<Response>): Member['broken'] =>
  (answer, { url }) =>
    url.includes('/internal/records') ? spoil(answer) : answer

describe('the roster of a group', () => {
  it('is the union of its members', async () => {
    const { a, b, group } = await openTwo()
    await expectUnion(group, [published(a), published(b)])
    const { report } = await group.syncNow()
    expect(report).toMatchObject({
      isPublished: false,
      counts: { users: { active: 10, added: 0, changed: 0, removed: 0 } },
    })
  })

  it('reads of a member that has published only what has changed, and of one that has not nothing', async () => {
    const { a, b, group } = await openTwo()
    a.town.students.delete(1)
    addStudent(a.town, 9, 2)
    a.publish()
    a.asked.length = 0
    b.asked.length = 0
    const { report } = await group.syncNow()
    expect(report.counts.users).toMatchObject({ active: 10, added: 1, changed: 0, removed: 1 })
    expect(report.members[0]).toMatchObject({ id: 'a', state: 'merged', generation: 2 })
    expect(a.asked.filter((path) => path.includes('collection=users') && path.includes('since=1'))).toHaveLength(1)
    expect(b.asked).toEqual([expect.stringContaining('/internal/member')])
    await expectUnion(group, [published(a), published(b)])
  })

  it('tells of each change and of nothing else in a delta', async () => {
    const { a, b, group, clock } = await openTwo()
    clock.now += 1_000
    const cursor = new Date(clock.now).toISOString()
    a.town.students.delete(2)
    b.town.students.set(1, { number: 1, name: 'Zoë', school: 2 })
    a.publish()
    b.publish()
    await group.syncNow()
    const answer = await group.get(`/users?filter=dateLastModified>'${cursor}'`)
    const { users } = (await answer.json()) as {
      users: { sourcedId: string; status: string; dateLastModified: string }[]
    }
    expect(users.map(({ sourcedId, status }) => [sourcedId, status])).toEqual([
      ['astu2', 'tobedeleted'],
      ['bstu1', 'active'],
    ])
    const own = (await (await group.get('/users/bstu1')).json()) as { user: { dateLastModified: string } }
    expect(Date.parse(own.user.dateLastModified)).toBeGreaterThan(Date.parse(cursor))
  })

  it('gives the pages of one run from one generation, across a publish', async () => {
    const { a, group } = await openTwo()
    const first = (await (await group.get('/users?limit=4')).json()) as { users: { sourcedId: string }[] }
    a.town.students.delete(1)
    addStudent(a.town, 8, 1)
    a.publish()
    await group.syncNow()
    const seen = first.users.map(({ sourcedId }) => sourcedId)
    for (const offset of [4, 8]) {
      const answer = await group.get(`/users?limit=4&offset=${offset}`)
      expect(answer.headers.get('x-total-count')).toBe('10')
      const page = (await answer.json()) as { users: { sourcedId: string }[] }
      seen.push(...page.users.map(({ sourcedId }) => sourcedId))
    }
    expect(seen).toEqual(['astu1', 'astu2', 'astu3', 'astu4', 'astu5', 'astu6', 'bstu1', 'bstu2', 'bstu3', 'bstu4'])
  })
})

describe('a member that cannot be read', () => {
  it.each<[string, Member['broken'], string]>([
    ['answers 500', () => new Response(null, { status: 500 }), 'member-unreachable'],
    ['is not there', () => Promise.reject(new Error('connection refused')), 'member-unreachable'],
    ['is cut off in the middle of its records', onRecords(cut), 'member-unreachable'],
    ['ends without its end mark', onRecords(() => new Response('')), 'member-unreachable'],
    ['says that it has none', onRecords(() => new Response('{"records":0,"isLast":true}\n')), 'totals-differ'],
    [
      'runs another version of the bridge',
      onRecords(() => new Response('["aacc1","",null,[],[]]\n{"records":1,"isLast":true}\n')),
      'member-changing',
    ],
    [
      'tells what is no record',
      onRecords(() => new Response('[]\n{"records":1,"isLast":true}\n')),
      'member-unreachable',
    ],
    ['has ids of another', onRecords(() => new Response('["xstu1"]\n{"records":1,"isLast":true}\n')), 'id-foreign'],
  ])('keeps what it had when it %s, and the other goes on', async (_, broken, code) => {
    const { a, b, group } = await openTwo()
    const before = published(a)
    a.town.students.delete(1)
    a.publish()
    b.town.students.delete(1)
    b.publish()
    a.broken = broken
    const { status, report } = await group.syncNow()
    expect(status).toBe('success')
    expect(statesOf(report)).toEqual({ a: `kept: ${code}`, b: 'merged' })
    expect(report.members[0]).toMatchObject({ generation: 1 })
    await expectUnion(group, [before, published(b)])

    a.broken = undefined
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'merged', b: 'merged' })
    await expectUnion(group, [published(a), published(b)])
  })

  it('is left out until it can be read, when it never was', async () => {
    const clock = { now: START }
    const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock })]
    a.publish()
    const group = await openGroup({ members: [a, b], clock })
    const { id, report } = await group.syncNow()
    expect(statesOf(report)).toEqual({ a: 'merged', b: 'left-out: member-unpublished' })
    await release(group, id)
    await expectUnion(group, [published(a)])
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'merged', b: 'left-out: member-unpublished' })
    b.publish()
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'merged', b: 'merged' })
    await expectUnion(group, [published(a), published(b)])
  })

  it('fails the sync when it is all there is, and the roster stays', async () => {
    const { a, b, group } = await openTwo()
    for (const member of [a, b]) member.broken = () => new Response(null, { status: 503 })
    expect(await group.syncNow()).toMatchObject({ status: 'error', error: { code: 'members-unread' } })
    await expectUnion(group, [published(a), published(b)])
  })

  it('keeps what it had when its store was lost, and again is as its own when it has published anew', async () => {
    const { a, b, group } = await openTwo()
    const before = published(a)
    a.lose()
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'kept: member-unpublished', b: 'merged' })
    await expectUnion(group, [before, published(b)])
    a.town.students.delete(3)
    a.publish()
    const { report } = await group.syncNow()
    expect(report.counts.users).toMatchObject({ active: 9, added: 0, changed: 0, removed: 1 })
    await expectUnion(group, [published(a), published(b)])
  })

  it('keeps what it had when nobody is left in it', async () => {
    const { a, b, group } = await openTwo()
    const before = published(a)
    a.town.students.clear()
    a.publish()
    expect(statesOf((await group.syncNow()).report)).toEqual({ a: 'kept: member-empty', b: 'merged' })
    await expectUnion(group, [before, published(b)])
  })

  it('is read whole when a removal is no longer told of', async () => {
    const { a, b, group, clock } = await openTwo()
    a.town.students.delete(1)
    a.publish()
    clock.now += 60_000
    a.forgetTombstones()
    expect((await group.syncNow()).report.counts.users).toMatchObject({ active: 9, removed: 1 })
    await expectUnion(group, [published(a), published(b)])
  })

  it('is begun anew when it publishes and cleans up while it is read', async () => {
    const { a, b, group, clock } = await openTwo()
    a.town.students.delete(1)
    a.publish()
    let times = 0
    a.broken = (answer, { url }) => {
      if (!url.includes('collection=users') || times++ > 0) return answer
      a.sql.run('delete from pins')
      clock.now += 60_000
      a.town.students.delete(2)
      a.forgetTombstones()
      return new Response(null, { status: 410 })
    }
    const { report } = await group.syncNow()
    expect(statesOf(report)).toEqual({ a: 'merged', b: 'merged' })
    expect(report.members[0]).toMatchObject({ generation: 3 })
    await expectUnion(group, [published(a), published(b)])
  })
})

describe('a sync in steps', () => {
  it('goes on where the process was ended, over and over, and counts nothing twice', async () => {
    const clock = { now: START }
    const a = openMember({ id: 'a', clock, students: 400 })
    a.publish()
    let left = Number.POSITIVE_INFINITY
    let tear = (_: undefined) => {}
    const pause = async () => {
      left -= 1
      if (left > 0) return
      tear(undefined)
      await new Promise(() => {})
    }
    let group = await openGroup({ members: [a], clock, pause, settings: { GUARD_SHARE: '1' } })
    await group.syncNow()
    a.lose()
    for (let number = 20; number < 320; number++) a.town.students.delete(number)
    a.publish()
    let record: Awaited<ReturnType<TestGroup['syncNow']>> | undefined
    let torn = -1
    while (record === undefined) {
      torn += 1
      left = 5 + torn
      const ended = new Promise<undefined>((resolve) => {
        tear = resolve
      })
      group = await group.reopened()
      record = await Promise.race([group.syncNow(undefined, 'sync-in-steps'), ended])
    }
    expect(torn).toBeGreaterThan(5)
    expect(record.status).toBe('success')
    for (const collection of ['users', 'enrollments']) {
      const versions = group.sql.all<{ status: string; n: number }>(
        `select status, count(*) as n from records_${collection} where born = 2 group by status`,
      )
      expect(versions.map(({ status, n }) => [status, n])).toEqual([['tobedeleted', 300]])
    }
    await expectUnion(group, [published(a)])
  })

  it('begins anew when the model has gained a column meanwhile, which every record is to have', async () => {
    const { a, b, group } = await openTwo()
    a.town.students.delete(1)
    a.publish()
    const step = new AbortController()
    b.broken = (answer) => {
      step.abort()
      return answer
    }
    await group.syncNow({ signal: step.signal, computeMs: 1_000, end: () => step.abort() }, 'parted')
    b.broken = undefined
    group.sql.run(`insert into meta (name, value) values ('columns-added users', '1')`)
    const { report } = await (await group.reopened()).syncNow(undefined, 'parted')
    expect(report.counts.users).toMatchObject({ active: 9, changed: 9, removed: 1 })
  })

  it('begins anew when the members have changed meanwhile', async () => {
    const { a, b, group } = await openTwo()
    a.town.students.delete(1)
    a.publish()
    b.town.students.delete(1)
    b.publish()
    const step = new AbortController()
    b.broken = (answer) => {
      step.abort()
      return answer
    }
    const parted = await group.syncNow({ signal: step.signal, computeMs: 1_000, end: () => step.abort() }, 'parted')
    expect(parted.status).toBe('inProgress')
    b.broken = undefined
    const alone = await group.reopened({ members: [b] })
    const { report } = await alone.syncNow(undefined, 'parted')
    expect(statesOf(report)).toEqual({ a: 'left', b: 'merged' })
    await expectUnion(alone, [published(b)])
  })
})

describe('the members of a group', () => {
  it('go with all their records when they leave, and come back', async () => {
    const { a, b, group } = await openTwo()
    const alone = await group.reopened({ members: [b] })
    const { report } = await alone.syncNow()
    expect(statesOf(report)).toEqual({ a: 'left', b: 'merged' })
    expect(report.counts.users).toMatchObject({ active: 4, removed: 6 })
    await expectUnion(alone, [published(b)])
    const again = await alone.reopened({ members: [a, b] })
    await again.syncNow()
    await expectUnion(again, [published(a), published(b)])
  })

  it.each([
    ['the same prefix', 'a'],
    ['a prefix that begins with that of another', 'a1'],
    ['a prefix that differs by its case', 'A'],
  ])('are not mixed up with %s: the later one is left out', async (_, prefix) => {
    const clock = { now: START }
    const members = [openMember({ id: 'a', clock }), openMember({ id: 'other', prefix, clock })]
    for (const member of members) member.publish()
    const group = await openGroup({ members, clock })
    const { id, report } = await group.syncNow()
    expect(statesOf(report)).toEqual({ a: 'merged', other: 'left-out: prefix-clash' })
    await release(group, id)
    await expectUnion(group, [published(members[0] as Member)])
  })

  it('have a prefix, and are no groups', async () => {
    const clock = { now: START }
    const members = [
      openMember({ id: 'a', clock }),
      openMember({ id: 'bare', prefix: '', clock }),
      openMember({ id: 'group', prefix: 'g', clock, isGroup: true }),
    ]
    for (const member of members) member.publish()
    const group = await openGroup({ members: [...members, { id: 'gone', fetch: async () => new Response() }], clock })
    expect(statesOf((await group.syncNow()).report)).toMatchObject({
      a: 'merged',
      bare: 'left-out: prefix-missing',
      group: 'left-out: member-is-group',
    })
  })
})

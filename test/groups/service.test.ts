// What surrounds the merging: groups are told of publishes, consumers are narrowed, bodies are checked, a district's bridge is read.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { renameStudent } from '../../fixtures/powerschool/mutations.ts'
import { addClient } from '../../src/auth/clients.ts'
import { checkMembers, GROUP_ORG, GROUP_PROVIDER } from '../../src/groups/body.ts'
import { createMemberApi, groupsReading } from '../../src/groups/member-api.ts'
import { tellGroups } from '../../src/groups/tell.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { createLog, silentLog } from '../../src/log.ts'
import { withIdPrefix } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { STORAGE } from '../../src/oneroster/storage.ts'
import { openTestBridge } from '../support/bridge.ts'
import { SEALING_KEY } from '../support/known.ts'
import { drain } from '../support/roster.ts'
import type { Clock } from '../support/test-runtime.ts'
import { tokenOf } from '../support/token.ts'
import { GROUP_ID, openGroup, statesOf } from './group.ts'
import { release } from './release.ts'
import { openMember } from './town.ts'
import { expectedOf, published } from './union.ts'

const START = Date.parse('2026-11-18T18:00:00Z')

function openMembers(clock: Clock) {
  const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', clock })]
  for (const member of [a, b]) member.publish()
  return { a, b }
}

describe('a member that has published', () => {
  it('tells the groups that have read it, which are due at once, also when they are reading now', async () => {
    const clock = { now: START }
    const { a, b } = openMembers(clock)
    const timers: (() => void)[] = []
    const after = (ms: number, call: () => void) => {
      if (ms === 0) timers.push(call)
      return () => {}
    }
    let onPause = async () => {}
    const group = await openGroup({
      members: [a, b],
      clock,
      after,
      pause: () => onPause(),
      settings: { SYNC_INTERVAL: 'PT0S' },
    })
    group.schedule.start()
    await group.schedule.settled()
    expect(groupsReading(a.sql)).toEqual([GROUP_ID])
    const handle = { fetch: async (request: Request) => group.internal(request) ?? new Response(null, { status: 404 }) }
    const tell = () => tellGroups({ sql: a.sql, profile: 'a', open: async () => handle, log: silentLog })

    a.town.students.delete(1)
    a.publish()
    onPause = async () => {
      onPause = async () => {}
      a.town.students.delete(2)
      a.publish()
      await tell()
    }
    await tell()
    await group.schedule.settled()
    expect(timers).toHaveLength(1)
    timers[0]?.()
    await group.schedule.settled()
    expect(timers).toHaveLength(1)
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })

  it('has no group sync that is not started, or has been stopped', async () => {
    const clock = { now: START }
    const { a, b } = openMembers(clock)
    const group = await openGroup({ members: [a, b], clock, settings: { SYNC_INTERVAL: 'PT0S' } })
    const tell = () =>
      group.internal(new Request('http://profile/internal/published?member=a', { method: 'POST' }))?.status
    expect(tell()).toBe(202)
    expect(group.schedule.running()).toBeUndefined()
    group.schedule.start()
    expect(group.schedule.running()).toBeDefined()
    await group.schedule.stop()
    expect(tell()).toBe(202)
    expect(group.schedule.running()).toBeUndefined()
  })

  it('is read again when it has published between two steps of a sync', async () => {
    const clock = { now: START }
    const { a, b } = openMembers(clock)
    const timers: (() => void)[] = []
    let step = new AbortController()
    let work = async () => {}
    const group = await openGroup({
      members: [a, b],
      clock,
      settings: { SYNC_INTERVAL: 'PT0S' },
      after: (ms, call) => {
        if (ms === 0) timers.push(call)
        return () => {}
      },
      steps: {
        wakeAt: (_, due) => {
          work = due
        },
        open() {
          step = new AbortController()
          return { signal: step.signal, computeMs: 1_000, end: () => step.abort(), close: () => {} }
        },
      },
    })
    const runOn = async () => {
      for (let turn = 0; turn < 20; turn++) await work()
    }
    b.broken = (answer) => {
      step.abort()
      return answer
    }
    group.schedule.start()
    await work()
    expect(group.schedule.running()).toBeDefined()
    b.broken = undefined
    a.town.students.delete(1)
    a.publish()
    expect(group.internal(new Request('http://profile/internal/published?member=a', { method: 'POST' }))?.status).toBe(
      202,
    )
    await runOn()
    expect(timers).toHaveLength(1)
    timers[0]?.()
    await runOn()
    expect(await drain(group)).toEqual(expectedOf([published(a), published(b)]))
  })

  it('forgets a group that it is no member of, and one that is gone, and goes on when one cannot be told', async () => {
    const clock = { now: START }
    const { a, b } = openMembers(clock)
    const group = await openGroup({ members: [a, b], clock })
    await group.syncNow()
    const logged: string[] = []
    const log = createLog({ level: 'warn', now: () => clock.now, write: (line) => logged.push(line) })
    const told = { sql: a.sql, profile: 'a', log }
    await tellGroups({ ...told, open: () => Promise.reject(new Error('no connection')) })
    expect(groupsReading(a.sql)).toEqual([GROUP_ID])
    expect(logged).toEqual([expect.stringContaining('group-not-told')])
    const without = await group.reopened({ members: [b] })
    const fetch = async (request: Request) => without.internal(request) ?? new Response(null, { status: 404 })
    await tellGroups({ ...told, open: async () => ({ fetch }) })
    expect(groupsReading(a.sql)).toEqual([])
    await tellGroups({ ...told, sql: b.sql, open: async () => undefined })
    expect(groupsReading(b.sql)).toEqual([])
  })
})

describe('a group as a provider', () => {
  it('narrows a consumer to the schools of one member, through syncs', async () => {
    const clock = { now: START }
    const { a, b } = openMembers(clock)
    const group = await openGroup({ members: [a, b], clock, org: { name: 'Valleys' } })
    await group.syncNow()
    const deps = { sql: group.sql, now: () => clock.now, sealingKey: SEALING_KEY }
    const made = await addClient({ name: 'North', schools: ['asch1', 'asch2'] }, deps)
    if (!('client' in made)) throw new Error(JSON.stringify(made))
    await group.syncNow()
    const token = await tokenOf(group, { id: made.client.id, secret: made.secret })
    const read = async (collection: string) => {
      const answer = await group.app.request(`/ims/oneroster/v1p1/${collection}?limit=100&filter=status='active'`, {
        headers: { authorization: `Bearer ${token}` },
      })
      const { [collection]: records = [] } = (await answer.json()) as Record<string, { sourcedId: string }[]>
      return records.map(({ sourcedId }) => sourcedId)
    }
    expect(await read('users')).toEqual(['astu1', 'astu2', 'astu3', 'astu4', 'astu5', 'astu6'])
    expect(await read('orgs')).toEqual(['adist1', 'asch1', 'asch2', 'district'])
    a.town.students.delete(3)
    b.town.students.delete(3)
    for (const member of [a, b]) member.publish()
    await group.syncNow()
    expect(await read('users')).toEqual(['astu1', 'astu2', 'astu4', 'astu5', 'astu6'])
    expect(await read('enrollments')).toHaveLength(5)
  })

  it('takes no school by its number, which a school of a later member may have too', async () => {
    const clock = { now: START }
    const { a, b } = openMembers(clock)
    const alone = await openGroup({ members: [a], clock })
    const deps = { sql: alone.sql, now: () => clock.now, sealingKey: SEALING_KEY }
    const early = await addClient({ name: 'Early', schools: ['100'] }, deps)
    if (!('client' in early)) throw new Error(JSON.stringify(early))
    await alone.syncNow()
    expect(await addClient({ name: 'Late', schools: ['100'] }, deps)).toMatchObject({
      messages: ['The current snapshot has no school `100`. Its schools are asch1, asch2.'],
    })
    const group = await alone.reopened({ members: [a, b] })
    await group.syncNow()
    const token = await tokenOf(group, { id: early.client.id, secret: early.secret })
    const answer = await group.app.request('/ims/oneroster/v1p1/users', {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await answer.json()).toEqual({ users: [] })
  })

  it('shows each member of its syncs to the admin API, and has no mapping', async () => {
    const clock = { now: START }
    const { a } = openMembers(clock)
    const b = openMember({ id: 'b', clock })
    const group = await openGroup({ members: [a, b], clock })
    await release(group, (await group.syncNow()).id)
    const latest = (await (await group.get('/admin/syncs/latest')).json()) as {
      status: string
      report: { members: [] }
    }
    expect(latest.status).toBe('success')
    expect(latest.report.members).toEqual([
      { id: 'a', state: 'merged', generation: 1, publishedAt: expect.any(String), counts: expect.any(Object) },
      {
        id: 'b',
        state: 'left-out',
        counts: {},
        problem: { code: 'member-unpublished', message: expect.any(String), remedy: expect.any(String) },
      },
    ])
    expect((await group.get('/admin/mapping/table')).status).toBe(404)
    expect((await group.get('/admin/mapping/explain/users/astu1')).status).toBe(404)
    expect(group.logged.join('\n')).not.toMatch(/Student \d|Marlowen/)
  })

  it('merges districts that are synced from PowerSchool', async () => {
    const mapping = loadMapping(readMappingFiles())
    const districts = [3, 4].map((seed) =>
      createDistrict({ students: 40, seed, today: '2026-11-18', perStudentEnrollments: 2 }),
    )
    const bridges = await Promise.all(
      districts.map((district, at) =>
        openTestBridge({ district, mapping: withIdPrefix(mapping, `s${at}`), settings: { PUBLISH_QUIET: 'PT0S' } }),
      ),
    )
    const members = bridges.map(({ sql, clock }, at) => {
      const now = () => clock.now
      const idPrefix = `s${at}`
      const limits = { pinLifetimeMs: 3_600_000, isGroup: false, collections: STORAGE, pause: async () => {} }
      const answer = createMemberApi({ sql, now, idPrefix, ...limits })
      return { id: `p${at}`, fetch: async (request: Request) => answer(request) ?? new Response(null, { status: 404 }) }
    })
    for (const bridge of bridges) await bridge.syncNow()
    const group = await openGroup({ members, clock: { now: START } })
    expect(statesOf((await group.syncNow()).report)).toEqual({ p0: 'merged', p1: 'merged' })
    const union = async () => expectedOf(await Promise.all(bridges.map((bridge) => drain(bridge))))
    expect(await drain(group)).toEqual(await union())

    const [district] = districts
    if (district === undefined) throw new Error('there are two')
    renameStudent(
      district,
      Number(district.db.prepare('select min(dcid) as n from students where enroll_status = 0').get()?.n),
      'Zoë',
      'Fenwick',
    )
    for (const bridge of bridges) await bridge.syncNow()
    expect((await group.syncNow()).report.counts.users).toMatchObject({ added: 0, changed: 1, removed: 0 })
    expect(await drain(group)).toEqual(await union())
  })
})

describe('what the profile API takes for a group', () => {
  const provider = (profiles: unknown) => GROUP_PROVIDER.safeParse({ '@odata.type': '#oneroster.group', profiles })

  it('names profiles, each once', () => {
    expect(provider(['a', 'b']).success).toBe(true)
    for (const wrong of [[], ['a', 'a'], [''], 'a', undefined]) expect(provider(wrong).success).toBe(false)
    expect(GROUP_PROVIDER.safeParse({ '@odata.type': '#oneroster.group', profiles: ['a'], more: 1 }).success).toBe(
      false,
    )
  })

  it('may name the org above them', () => {
    for (const right of [null, { name: 'Valleys' }, { name: 'Valleys', identifier: '7' }]) {
      expect(GROUP_ORG.safeParse(right).success).toBe(true)
    }
    for (const wrong of [{}, { name: ' ' }, { name: 'Valleys', type: 'state' }, 'Valleys']) {
      expect(GROUP_ORG.safeParse(wrong).success).toBe(false)
    }
  })

  it('is refused with every reason at once', async () => {
    const clock = { now: START }
    const members = [
      openMember({ id: 'a', clock }),
      openMember({ id: 'clash', prefix: 'A1', clock }),
      openMember({ id: 'bare', prefix: '', clock }),
      openMember({ id: 'group', prefix: 'g', isGroup: true, clock }),
      openMember({ id: 'org', prefix: 'd', clock }),
      openMember({ id: 'deaf', clock }),
    ]
    const deaf = members.find(({ id }) => id === 'deaf')
    if (deaf !== undefined) deaf.broken = () => Promise.reject(new Error('connection refused'))
    const open = async (id: string) => members.find((member) => member.id === id)
    const profiles = [...members.map(({ id }) => id), 'nobody']
    const messages = await checkMembers({ profiles, org: { name: 'Valleys' }, open })
    expect(messages).toHaveLength(6)
    for (const [at, word] of ['bare', 'group', 'org', 'deaf', 'nobody', 'A1'].entries())
      expect(messages[at]).toContain(word)
    expect(await checkMembers({ profiles: ['a', 'org'], org: null, open })).toEqual([])
    // To look is not to read: nobody is told of a group that does not exist.
    for (const { sql } of members) expect(groupsReading(sql)).toEqual([])
  })
})

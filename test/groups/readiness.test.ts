// What School Data Sync would make of a group's roster: what no member can know by itself, in steps, and where it is told.
import { describe, expect, it } from 'vitest'
import { recordOfBody } from '../../src/readiness/body.ts'
import { openReadiness } from '../../src/readiness/readiness.ts'
import type { ReadinessReport } from '../../src/readiness/report.ts'
import { seeded } from '../oneroster/random.ts'
import { openGroup, type TestGroup } from './group.ts'
import { live, type Member, openMember } from './town.ts'
import { published } from './union.ts'

const START = Date.parse('2026-11-18T18:00:00Z')

/** Usernames begin with the prefix; these two have the same all the same. */
function openTwo(clock = { now: START }) {
  const [a, b] = [openMember({ id: 'a', clock }), openMember({ id: 'b', prefix: 'b', clock })]
  return { clock, a, b }
}

function shareUsername(...members: readonly Member[]): void {
  for (const { sql } of members) {
    sql.run(
      `update records_users set body = replace(body, '"username":"' || substr(sourcedId, 1, 1) || '3"', '"username":"Same"')`,
    )
  }
}

/** By another way: all at once, of what is published. */
function expectedReport(group: TestGroup): ReadinessReport {
  const readiness = openReadiness()
  for (const [collection, records] of Object.entries(published(group))) {
    for (const record of records.values()) readiness.see(recordOfBody(collection, record))
  }
  return readiness.report()
}

const ruleOf = (report: ReadinessReport, rule: string) => report.findings.find((finding) => finding.rule === rule)

describe('the readiness of a group', () => {
  it('tells of a username that two members share, which neither of them knows', async () => {
    const { clock, a, b } = openTwo()
    for (const member of [a, b]) member.publish()
    shareUsername(a, b)
    const group = await openGroup({ members: [a, b], clock })
    const { report } = await group.syncNow()
    expect(ruleOf(report.readiness, 'username-repeated')).toMatchObject({ count: 2, keys: ['astu3', 'bstu3'] })
    expect(report.readiness).toEqual(expectedReport(group))
    expect(report.readiness.records).toMatchObject({ users: 12, orgs: 6, classes: 4 })
    expect(ruleOf(report.readiness, 'reference-missing')).toBeUndefined()
  })

  it('is told by the admin API, as text and as metrics', async () => {
    const { clock, a, b } = openTwo()
    for (const member of [a, b]) member.publish()
    shareUsername(a, b)
    const group = await openGroup({ members: [a, b], clock, org: { name: 'Valleys', identifier: '7' } })
    const { id, report } = await group.syncNow()
    const answer = await group.get('/admin/readiness')
    expect(await answer.json()).toMatchObject({ sync: { id }, ...report.readiness })
    expect(report.readiness).toEqual(expectedReport(group))
    expect(await (await group.get('/admin/readiness?format=text')).text()).toContain('username-repeated')
    expect(await (await group.app.request('/metrics')).text()).toMatch(
      /readiness_findings\{[^}]*rule="username-repeated"[^}]*\} 2/,
    )
  })

  it('is that of what is published while nothing changes, and follows what does', async () => {
    const { clock, a, b } = openTwo()
    for (const member of [a, b]) member.publish()
    shareUsername(a, b)
    const group = await openGroup({ members: [a, b], clock })
    const first = await group.syncNow()
    let looks = 0
    const { all } = group.sql
    group.sql.all = ((text: string, ...values: never[]) => {
      if (/^select sourcedId, body from "records_users"/.test(text)) looks += 1
      return all(text, ...values)
    }) as typeof all
    const second = await group.syncNow()
    expect([looks, second.report.readiness]).toEqual([0, first.report.readiness])
    a.town.students.delete(3)
    a.publish()
    const third = await group.syncNow()
    expect(looks).toBeGreaterThan(0)
    expect(ruleOf(third.report.readiness, 'username-repeated')).toBeUndefined()
    expect(third.report.readiness).toEqual(expectedReport(group))
  })

  it.each([1, 2, 3, 4, 5, 6])('is the same when the sync is parted and torn anywhere (seed %i)', async (seed) => {
    const random = seeded(seed)
    const { clock, a, b } = openTwo()
    for (let day = 0; day < 6; day++) for (const { town } of [a, b]) live(town, random)
    for (let number = 100; number < 400; number++) a.town.students.set(number, { number, name: 'Many', school: 1 })
    a.town.schools.add(1)
    for (const member of [a, b]) member.publish()
    shareUsername(a, b)
    let left = Number.POSITIVE_INFINITY
    let torn = Promise.withResolvers<undefined>()
    const pause = async () => {
      left -= 1
      if (left >= 0) return
      torn.resolve(undefined)
      await new Promise(() => {})
    }
    let group = await openGroup({ members: [a, b], clock, pause })
    let record: Awaited<ReturnType<TestGroup['syncNow']>> | undefined
    let steps = 0
    for (; record === undefined || record.status === 'inProgress'; steps++) {
      left = steps < 60 && random.chance(0.3) ? random.below(30) : Number.POSITIVE_INFINITY
      torn = Promise.withResolvers()
      const signal = new AbortController()
      const end = () => signal.abort()
      // Each step ends at the first place where the next can go on.
      if (steps < 60 && random.chance(0.8)) end()
      record = await Promise.race([group.syncNow({ signal: signal.signal, computeMs: 0, end }, 'parted'), torn.promise])
      if (record === undefined) group = await group.reopened()
    }
    expect(steps).toBeGreaterThan(5)
    expect(record.status).toBe('success')
    expect(record.report.readiness).toEqual(expectedReport(group))
    expect(group.sql.all('select 1 from stage_state')).toEqual([])
  })
})

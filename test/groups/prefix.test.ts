// A prefix before every sourcedId of a profile: the same roster with other ids, through syncs, ids that are kept, and explanations.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { explainRecord } from '../../src/mapping/explain/explain.ts'
import { readSubject } from '../../src/mapping/explain/explain-subject.ts'
import { fieldOrigins } from '../../src/mapping/explain/origins.ts'
import { type Mapping, withIdPrefix } from '../../src/mapping/run/compile.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { openRuleFinder } from '../../src/readiness/rule-finder.ts'
import { stagedInput } from '../../src/sync/staged-input.ts'
import { openTestBridge } from '../support/bridge.ts'
import { drain, type Roster } from '../support/roster.ts'

const PREFIX = 'north-'
const DEFAULT = loadMapping(readMappingFiles())

const layered = (lines: string): Mapping =>
  loadMapping(readMappingFiles(), {
    layers: [{ path: 'layer.yaml', text: `extends: default\nentities:\n  users:\n    student: { ${lines} }\n` }],
    diagnostics: [],
  })

/** The roster with the prefix before every sourcedId. */
function prefixed(roster: Roster, prefix: string): Roster {
  const inside = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inside)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        name === 'sourcedId' ? `${prefix}${member}` : inside(member),
      ]),
    )
  }
  return Object.fromEntries(
    Object.entries(roster).map(([collection, records]) => [
      collection,
      new Map([...records].map(([id, record]) => [prefix + id, inside(record) as typeof record])),
    ]),
  )
}

const makeDistrict = () => createDistrict({ students: 60, seed: 5, today: '2026-11-18', perStudentEnrollments: 3 })

describe('a profile with an idPrefix', () => {
  it.each([
    ['rest', false],
    ['powerquery', true],
  ])('has the same roster, id for id (%s)', async (_, hasPlugin) => {
    const plain = await openTestBridge({ district: makeDistrict(), hasPlugin })
    const other = await openTestBridge({ district: makeDistrict(), hasPlugin, mapping: withIdPrefix(DEFAULT, PREFIX) })
    const [{ report }, second] = [await plain.syncNow(), await other.syncNow()]
    expect(second.report.counts).toEqual(report.counts)
    const [without, got] = [await drain(plain), await drain(other)]
    expect(got).toEqual(prefixed(without, PREFIX))
    expect(Object.values(got).reduce((sum, records) => sum + records.size, 0)).toBeGreaterThan(200)
    expect((await other.syncNow()).report).toMatchObject({ isPublished: false })
    // The alias of a class takes 64 characters, and a prefix may have 20 of them.
    const longest = Math.max(...Object.values(without).flatMap((records) => [...records.keys()].map((id) => id.length)))
    expect(20 + longest).toBeLessThanOrEqual(64)
  })

  it('has links that lead to its records, in both versions', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict(), mapping: withIdPrefix(DEFAULT, PREFIX) })
    await bridge.syncNow()
    const first = (await (await bridge.get('/enrollments?limit=1')).json()) as {
      enrollments: { user: { href: string; sourcedId: string } }[]
    }
    const user = first.enrollments[0]?.user
    expect(user?.sourcedId).toMatch(/^north-st[uf]\d+$/)
    expect((await bridge.get(new URL(user?.href ?? '').pathname)).status).toBe(200)
    const path = `/ims/oneroster/rostering/v1p2/users/${user?.sourcedId}`
    const { user: found } = (await (await bridge.get(path)).json()) as {
      user: { roles: { org: { sourcedId: string } }[]; primaryOrg: { sourcedId: string } }
    }
    expect(found.roles[0]?.org.sourcedId).toMatch(/^north-sch\d+$/)
    expect(found.primaryOrg.sourcedId).toMatch(/^north-sch\d+$/)
  })

  it('keeps the id and the fields that were published first', async () => {
    const district = makeDistrict()
    const mapping = withIdPrefix(layered('create_only: [id, username]'), PREFIX)
    const bridge = await openTestBridge({ district, mapping, settings: { GUARD_SHARE: '1' } })
    await bridge.syncNow()
    const before = await drain(bridge)
    district.db.exec(`update students set student_web_id = 'new.' || dcid, transaction_date = null`)
    const changed = withIdPrefix(layered('create_only: [id, username], id: ="pupil" & id'), PREFIX)
    const again = await openTestBridge({ district, sql: bridge.sql, mapping: changed, settings: { GUARD_SHARE: '1' } })
    const { report } = await again.syncNow()
    expect(report.diagnostics.map(({ code }) => code)).toContain('value-kept')
    expect(await drain(again)).toEqual(before)
  })

  it('is explained by the ids that it publishes', async () => {
    const district = createSmallDistrict()
    const mapping = withIdPrefix(DEFAULT, PREFIX)
    const bridge = await openTestBridge({ district, mapping })
    await bridge.syncNow()
    const input = stagedInput(bridge.sync)?.input
    if (input === undefined) throw new Error('nothing is staged')
    const ask = (sourcedId: string) => explainRecord(mapping.checked, input, { collection: 'users', sourcedId })
    expect(ask(`${PREFIX}stu100001`)).toMatchObject({ isMapped: true, sourcedId: `${PREFIX}stu100001` })
    expect(ask('stu100001')).toMatchObject({ isMapped: false })
    expect(readSubject(`${PREFIX}stu100001`, mapping.checked)).toEqual({
      fault: `A record is named COLLECTION/ID. Did you mean \`users/${PREFIX}stu100001\`?`,
    })
    const answer = await bridge.app.request(`/admin/mapping/explain/users/${PREFIX}stu100001`, {
      headers: { authorization: 'Bearer an-admin-token-of-the-tests-alone' },
    })
    expect(await answer.json()).toMatchObject({ isMapped: true, snapshot: { record: 'active', agrees: true } })
  })

  it('is told by the readiness as it is published', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict(), mapping: withIdPrefix(DEFAULT, PREFIX) })
    const { report } = await bridge.syncNow()
    // A hyphen has no place in the alias of a class.
    const found = report.readiness.findings.find(({ rule }) => rule === 'class-id-form')
    expect(found?.keys.every((key) => key.startsWith(`${PREFIX}sec`))).toBe(true)
    const ruleOf = openRuleFinder(fieldOrigins(DEFAULT.checked), PREFIX)
    const student = { collection: 'users', role: 'student' }
    expect(ruleOf({ ...student, sourcedId: `${PREFIX}stu3` })).toBe('users.student')
    expect(ruleOf({ ...student, sourcedId: 'stu3' })).toBeUndefined()
  })

  it('is the same mapping without one', () => {
    expect(withIdPrefix(DEFAULT, '')).toBe(DEFAULT)
  })
})

// The default mapping on the tiny district, against records and counts that were worked out by hand.
import { describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { openTestBridge } from '../support/bridge.ts'
import { differences, drain } from '../support/roster.ts'
import { SMALL_ROSTER } from './small-district.ts'

const COLLECTIONS = Object.entries(SMALL_ROSTER)

async function openSmall() {
  const bridge = await openTestBridge({ district: createSmallDistrict() })
  return { bridge, sync: await bridge.syncNow() }
}

const NOTHING = { read: 0, published: 0, outOfScope: 0, leftOut: {} }

describe('the tiny district', () => {
  it.each(COLLECTIONS)('publishes %s exactly as worked out by hand', async (collection, expected) => {
    const { bridge } = await openSmall()
    const answer = await bridge.get(`/${collection}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-total-count')).toBe(String(expected.length))
    expect(await answer.json()).toEqual({ [collection]: expected })
  })

  it('publishes 34 records in all', () => {
    expect(COLLECTIONS.flatMap(([, records]) => records)).toHaveLength(34)
  })

  it('is what the other independent reading of its tables expects too', async () => {
    const { bridge } = await openSmall()
    expect(differences(expectedRoster(createSmallDistrict()), await drain(bridge))).toEqual([])
  })

  it('counts what was read, published, out of scope and left out, by rule', async () => {
    const { sync } = await openSmall()
    expect(sync.report.rules).toEqual({
      'orgs.district': { read: 1, published: 1, outOfScope: 0, leftOut: {} },
      // 999999.
      'orgs.school': { read: 3, published: 2, outOfScope: 1, leftOut: {} },
      // 2024-2025.
      'academicSessions.term': { read: 8, published: 7, outOfScope: 1, leftOut: {} },
      'courses.course': { read: 3, published: 3, outOfScope: 0, leftOut: {} },
      // Last year's section is not asked for.
      'classes.section': { read: 4, published: 4, outOfScope: 0, leftOut: {} },
      // Active and pre-registered ones are asked for: the six but 100006 and 100008.
      'users.student': { read: 6, published: 4, outOfScope: 1, leftOut: { 'required-blank': 1 } },
      // Four active places at the two schools, of three persons; 100002 is no teacher.
      'users.teacher': { read: 4, published: 2, outOfScope: 1, leftOut: {} },
      'users.other_staff': { read: 4, published: 0, outOfScope: 3, leftOut: {} },
      // All but last year's; out: ended, no-show, two drops, exits today. 3000006 is of the student without a last name.
      'enrollments.student': { read: 11, published: 5, outOfScope: 5, leftOut: { 'ref-out-of-scope': 1 } },
      // 50002 has no lead teacher, that of 50004 has left.
      'enrollments.teacher': { read: 4, published: 2, outOfScope: 1, leftOut: { 'lookup-missing': 1 } },
      'demographics.student': { read: 6, published: 4, outOfScope: 0, leftOut: { 'ref-out-of-scope': 2 } },
      // Only PowerQueries tell of these.
      'academicSessions.grading_period': NOTHING,
      'enrollments.section_teacher': NOTHING,
      'users.contact': NOTHING,
    })
  })

  it('reports each bad row and value with its key', async () => {
    const { sync } = await openSmall()
    const told = sync.report.diagnostics.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    expect(told).toEqual([
      { code: 'lookup-missing', rule: 'enrollments.teacher', field: 'lead', count: 1, keys: [50004] },
      { code: 'ref-out-of-scope', rule: 'demographics.student', field: 'student', count: 2, keys: [100003, 100007] },
      { code: 'ref-out-of-scope', rule: 'enrollments.student', field: 'user', count: 1, keys: [3000006] },
      { code: 'required-blank', rule: 'users.student', field: 'familyName', count: 1, keys: [100003] },
      { code: 'value-unusable', rule: 'users.student', field: 'email', count: 1, keys: [100002] },
      { code: 'value-unusable', rule: 'users.student', field: 'phone', count: 1, keys: [100002] },
    ])
    expect(sync.report.rowTypes).toEqual([])
  })

  it('tells the counts of each collection, the rows of each source and what it published', async () => {
    const { sync } = await openSmall()
    const first = (added: number, rejected = 0) => ({ active: added, added, changed: 0, removed: 0, rejected })
    expect(sync).toMatchObject({ status: 'success', stage: 'done', error: undefined })
    expect(sync.report).toMatchObject({
      generation: 1,
      publishedAt: '2025-10-15T18:00:00.001Z',
      isPublished: true,
      schoolYear: '2026',
      held: [],
      counts: {
        orgs: first(3),
        academicSessions: first(7),
        courses: first(3),
        classes: first(4),
        users: first(6, 1),
        enrollments: first(7, 1),
        demographics: first(4),
      },
      sources: {
        district: 1,
        schools: 3,
        terms: 8,
        courses: 3,
        sections: 4,
        section_enrollments: 11,
        students: 6,
        staff: 4,
      },
    })
  })

  it('publishes nothing when nothing has changed', async () => {
    const { bridge } = await openSmall()
    bridge.clock.now += 3_600_000
    const again = await bridge.syncNow()
    expect(again).toMatchObject({ status: 'success', report: { generation: 1, isPublished: false } })
    expect(await (await bridge.get('/orgs')).json()).toEqual({ orgs: SMALL_ROSTER.orgs })
  })
})

// What the readiness check tells of whole districts: in the report of a sync, by the admin API, and of published bodies.
import { describe, expect, it } from 'vitest'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { fieldOrigins } from '../../src/mapping/explain/origins.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { recordOfBody } from '../../src/readiness/body.ts'
import type { ReadinessReport } from '../../src/readiness/report.ts'
import { openRuleFinder } from '../../src/readiness/rule-finder.ts'
import { ask } from '../http/admin-client.ts'
import { bearer, readWhole, request } from '../http/support.ts'
import { openTestBridge } from '../support/bridge.ts'
import { ADMIN_TOKEN } from '../support/known.ts'
import { check, told } from './roster.ts'

const COLLECTIONS = ['academicSessions', 'orgs', 'courses', 'classes', 'users', 'enrollments', 'demographics']

describe('the tiny district', () => {
  it('has two classes without a teacher and a student without a class', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const { report } = await bridge.syncNow()
    expect(told(report.readiness)).toEqual([
      'warning class-without-teacher classes classes.section sec50002 sec50004',
      'warning student-without-class users users.student stu100004',
    ])
    expect(report.readiness.isReady).toBe(true)
    expect(report.readiness.records.users).toBe(report.counts.users?.active)
  })

  it('tells its credit types as subjects that School Data Sync does not know, with the line and the column', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict(), hasPlugin: true })
    const { report } = await bridge.syncNow()
    expect(report.readiness.findings.find(({ rule }) => rule === 'subject-unknown')).toMatchObject({
      count: 3,
      keys: ['crs31', 'crs32', 'crs33'],
      origins: [
        {
          target: 'courses.course.subjects',
          place: expect.stringMatching(/^mappings\/courses\.yaml:\d+$/),
          columns: ['courses.credit_type'],
        },
      ],
    })
  })
})

describe('a generated district', () => {
  it('is told the same by the sync and from what it published', async () => {
    const district = createDistrict({ students: 300, seed: 11, today: '2026-10-14' })
    const bridge = await openTestBridge({ district, hasPlugin: true })
    const { report } = await bridge.syncNow()
    const ruleOf = openRuleFinder(fieldOrigins(loadMapping(readMappingFiles()).checked))
    const readers = COLLECTIONS.map(async (name) =>
      (await readWhole(bridge, `/${name}`)).map((body) => recordOfBody(name, body, ruleOf)),
    )
    const published = check((await Promise.all(readers)).flat(), Number.POSITIVE_INFINITY)
    expect(published.records).toEqual(report.readiness.records)
    expect(countsOf(published)).toEqual(countsOf(report.readiness))
    expect(published.findings.length).toBeGreaterThan(2)
  })
})

function countsOf({ findings }: ReadinessReport): readonly string[] {
  return findings
    .map(({ rule, collection, field, mappingRule, count }) => `${count} ${rule} ${collection}.${field} ${mappingRule}`)
    .toSorted()
}

describe('GET /admin/readiness', () => {
  it('tells what the latest sync found, as JSON, text and CSV', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    const before = await ask(bridge, '/readiness')
    expect(before.status).toBe(404)
    expect(before.body.message).toContain('POST /admin/syncs')
    const { id, report } = await bridge.syncNow()
    const json = await ask(bridge, '/readiness')
    expect(json.status).toBe(200)
    expect(json.body).toMatchObject({ sync: { id, status: 'success' }, ...report.readiness })

    const read = (format: string) =>
      request(bridge, `/admin/readiness?format=${format}`, { headers: bearer(ADMIN_TOKEN) })
    const text = await read('text')
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(text.headers.get('cache-control')).toBe('no-store')
    expect(await text.text()).toMatch(/^Ready for School Data Sync: no errors\.\n/)
    const csv = await read('csv')
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(await csv.text()).toMatch(/^rule,severity,collection,.*\r\nclass-without-teacher,warning,classes,/)
    expect((await ask(bridge, '/readiness?format=xml')).status).toBe(400)
  })

  it('is not there without the admin token', async () => {
    const bridge = await openTestBridge({ district: createSmallDistrict() })
    expect((await request(bridge, '/admin/readiness', {})).status).toBe(404)
    expect((await request(bridge, '/admin/readiness', { headers: bearer('wrong') })).status).toBe(404)
  })
})

// Crawls that build on the one before: what they ask PowerSchool for, what they write, and that no kind of change escapes them.

import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectedRoster } from '../../fixtures/expected.ts'
import { createDistrict, type District } from '../../fixtures/powerschool/district.ts'
import { addStudent, deleteRow, drop, enroll } from '../../fixtures/powerschool/mutations.ts'
import { loadMapping } from '../../src/load-mapping.ts'
import { readMappingFiles } from '../../src/node/mapping-files.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openNodeSqlite } from '../../src/store/node-sqlite.ts'
import type { Sql } from '../../src/store/sql.ts'
import { seeded } from '../powerschool/fake.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { differences, drain } from '../support/roster.ts'
import { crawlInto, freshMirror, mirrorOf, openMirror } from './mirror.ts'
import { ENROLLED, removeSection, SECTIONS, STUDENTS, swap } from './mirror-changes.ts'
import { syncWith } from './probes.ts'

const HOUR_MS = 3_600_000

async function open(simulator = { pageSize: 100 }, students = 60): Promise<TestBridge> {
  const district = createDistrict({ students, seed: 5, today: '2026-11-18', perStudentEnrollments: 3 })
  return openTestBridge({ district, simulator, settings: { TOKEN_LIFETIME: 'P30D' } })
}

const first = ({ db }: District, query: string): number => Number(Object.values(db.prepare(query).get() ?? {})[0])
const counts = ({ powerSchool }: TestBridge) => powerSchool.requests.count(/\/count/)
const isFull = ({ logged }: TestBridge) =>
  logged.map((line) => JSON.parse(line)).findLast(({ event }) => event === 'crawl-started')?.isFull

describe('an incremental crawl', () => {
  it('asks for no count of a short list that looks as it did, and changes nothing', async () => {
    const bridge = await open()
    await bridge.syncNow()
    expect([isFull(bridge), counts(bridge)]).toEqual([true, expect.any(Number)])
    const [requests, counted] = [bridge.powerSchool.requests.count(/\/ws\//), counts(bridge)]
    const before = bridge.sql.all(`select * from staged_section_enrollments`)
    bridge.powerSchool.requests.clear()
    bridge.clock.now += HOUR_MS
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 1 } })
    expect([isFull(bridge), counts(bridge)]).toEqual([false, 0])
    expect(bridge.powerSchool.requests.count(/\/ws\//)).toBe(requests - counted)
    expect(bridge.sql.all(`select * from staged_section_enrollments`)).toEqual(before)
  })

  const CHANGES: Readonly<Record<string, (district: District) => unknown>> = {
    'a drop': (district) => drop(district, first(district, ENROLLED)),
    'a date that changes': ({ db }) =>
      db.prepare(`update cc set dateleft = '2027-01-10' where dcid = (${ENROLLED} limit 1)`).run(),
    'a row that leaves without a trace': (district) => deleteRow(district, 'cc', first(district, ENROLLED)),
    'a swap, which leaves the count as it was': (district) => swap(district, seeded(1)),
    'a new student in a section': (district) =>
      enroll(district, first(district, STUDENTS), first(district, `${SECTIONS} desc limit 1`)),
    'a section that vanishes': (district) => removeSection(district, first(district, SECTIONS)),
    'a student who comes first in a list of many pages': (district) =>
      addStudent(district, first(district, 'select schoolid from students where enroll_status = 0'), {
        last_name: 'Aaa',
        lastfirst: 'Aaa, Nova',
      }),
  }

  it.each(Object.keys(CHANGES))('sees %s', async (change) => {
    const bridge = await open({ pageSize: 10 })
    await bridge.syncNow()
    bridge.clock.now += HOUR_MS
    CHANGES[change]?.(bridge.district)
    expect(await bridge.syncNow()).toMatchObject({ status: 'success', report: { generation: 2 } })
    expect(isFull(bridge)).toBe(false)
    expect(differences(expectedRoster(bridge.district), await drain(bridge))).toEqual([])
  })

  it('sees a course that leaves one school and stays at another', async () => {
    const bridge = await open()
    const { db } = bridge.district
    const mirror = openMirror()
    const course = first(bridge.district, 'select dcid from courses where schoolid = 0')
    const lists = () => mirror.all(`select list, is_hidden from staged_courses where key = ? order by list`, course)
    await crawlInto(bridge, mirror)
    const all = lists()
    expect(all.map(({ is_hidden }) => is_hidden)).toEqual([0, ...all.slice(1).map(() => 1)])
    expect(all.length).toBeGreaterThan(1)
    mirror.run(`update crawls set mapped_ms = 1`)
    // Of one school alone now, and not of the one whose list showed it.
    db.prepare(`update sections set course_number = 'none' where lower(course_number) =
      (select lower(course_number) from courses where dcid = ?)`).run(course)
    db.prepare(`update courses set schoolid = (select school_number from schools where dcid = ?) where dcid = ?`).run(
      String(all.at(-1)?.list),
      course,
    )
    const result = await crawlInto(bridge, mirror)
    expect(lists()).toEqual([{ list: all.at(-1)?.list, is_hidden: 0 }])
    expect(mirrorOf(bridge, mirror, result)).toEqual(await freshMirror(bridge))
    mirror.close()
  })

  it('writes the one row that is new of a list of many pages', async () => {
    const bridge = await open({ pageSize: 10 })
    await bridge.syncNow()
    bridge.clock.now += HOUR_MS
    const school = first(bridge.district, 'select schoolid from students where enroll_status = 0')
    addStudent(bridge.district, school, { last_name: 'Aaa', lastfirst: 'Aaa, Nova' })
    const writes: string[] = []
    const sql: Sql = {
      ...bridge.sql,
      run(statement, ...parameters) {
        if (/"staged_students"/.test(statement)) writes.push(statement.trim().split(' ')[0] ?? '')
        return bridge.sql.run(statement, ...parameters)
      },
    }
    expect(await crawlInto(bridge, sql)).toMatchObject({ changedRows: 1 })
    // And once it is decided which row of its key is seen.
    expect(writes).toEqual(['insert', 'update'])
  })

  it('counts every list again when the last crawl that did began 20 hours ago', async () => {
    const bridge = await open()
    await bridge.syncNow()
    const counted = counts(bridge)
    for (const [hours, full] of [
      [10, false],
      [9, false],
      [1, true],
      [19, false],
      [1, true],
    ] as const) {
      bridge.clock.now += hours * HOUR_MS
      bridge.powerSchool.requests.clear()
      await bridge.syncNow()
      expect([isFull(bridge), counts(bridge)]).toEqual([full, full ? counted : 0])
    }
  })

  it('is not begun on a full one that failed, or when the clock has stepped back', async () => {
    const bridge = await open()
    bridge.powerSchool.settings.v1Level = 'NONE'
    expect(await syncWith(bridge, 'refused')).toMatchObject({ status: 'error' })
    bridge.powerSchool.settings.v1Level = 'READ'
    await bridge.syncNow()
    expect(isFull(bridge)).toBe(true)
    bridge.clock.now -= HOUR_MS
    await bridge.syncNow()
    expect(isFull(bridge)).toBe(true)
  })

  it('tells problems of rows that have not changed', async () => {
    const bridge = await open()
    bridge.district.db.prepare(`update students set grade_level = 'second' where dcid in (${STUDENTS} limit 2)`).run()
    const before = (await bridge.syncNow()).report.rowTypes
    expect(before).toMatchObject([{ source: 'students', path: 'school_enrollment.grade_level', count: 2 }])
    bridge.clock.now += HOUR_MS
    expect((await bridge.syncNow()).report.rowTypes).toEqual(before)
    bridge.district.db.prepare(`update students set grade_level = 3 where dcid in (${STUDENTS} limit 2)`).run()
    bridge.clock.now += HOUR_MS
    expect((await bridge.syncNow()).report.rowTypes).toEqual([])
  })
})

describe('another plan', () => {
  it('begins with empty tables that are indexed from the start, once readers are served', async () => {
    const bridge = await open()
    await bridge.syncNow()
    const files = readMappingFiles().map(({ path, text }) => ({
      path,
      text: text.replace('grade_level: integer', 'grade_level: number'),
    }))
    const again = await openTestBridge({ district: bridge.district, sql: bridge.sql, mapping: loadMapping(files) })
    again.clock.now = bridge.clock.now + HOUR_MS
    const steps: string[] = []
    const sql: Sql = {
      ...bridge.sql,
      run(statement, ...parameters) {
        const step = /^\s*(create (?:unique )?index|insert into "staged)/.exec(statement)?.[1]
        if (step !== undefined && steps.at(-1) !== step) steps.push(step)
        return bridge.sql.run(statement, ...parameters)
      },
    }
    const { crawl } = await crawlInto(again, sql)
    expect(crawl.isFull).toBe(true)
    // What comes at the end finds every index there.
    expect(steps.slice(steps.indexOf('insert into "staged'))).toEqual(['insert into "staged', 'create index'])
    expect(steps.filter((step) => step === 'create unique index').length).toBeGreaterThan(0)
    const indexed = bridge.sql.all(`select name from sqlite_master where type = 'index' and name like 'staged%by_key'`)
    expect(indexed).toHaveLength(again.sync.mapping.sources.length)
  })
})

describe('what a crawl writes', () => {
  it('is next to nothing when nothing has changed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mirror-'))
    const file = join(folder, 'store.sqlite')
    const sql = openNodeSqlite(file)
    try {
      migrate(sql, [])
      sql.all('pragma wal_autocheckpoint = 0')
      const bridge = await open({ pageSize: 1000 }, 2000)
      const logged = async () => {
        sql.all('pragma wal_checkpoint(truncate)')
        const { changedRows } = await crawlInto(bridge, sql)
        sql.run(`update crawls set mapped_ms = 1`)
        // Without a checkpoint the log holds every page that was written, as often as it was.
        return { changedRows, bytes: statSync(`${file}-wal`).size }
      }
      const [whole, unchanged] = [await logged(), await logged()]
      expect(unchanged.changedRows).toBe(0)
      // Most of it is what any crawl writes once; of a district of 100,000 it is 1/200.
      expect(unchanged.bytes / whole.bytes).toBeLessThan(0.03)
    } finally {
      sql.close()
      rmSync(folder, { recursive: true })
    }
  })
})

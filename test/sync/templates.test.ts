// Both templates on one district: what named queries bring is what an independent reading of the tables expects, record by record.
import { describe, expect, it } from 'vitest'
import { COLLECTIONS } from '../../fixtures/expected.ts'
import { createDistrict } from '../../fixtures/powerschool/district.ts'
import { createSmallDistrict } from '../../fixtures/small.ts'
import { createSmallBulkDistrict } from '../../fixtures/small-bulk.ts'
import { openTestBridge, type TestBridge } from '../support/bridge.ts'
import { BULK, BULK_WITH_CONTACTS, disagreements, openBulk, withContacts } from './bulk-bridge.ts'

describe('the default mapping by named queries', () => {
  it('publishes the tiny districts as worked out by hand', async () => {
    for (const district of [createSmallDistrict(), createSmallBulkDistrict()]) {
      const bridge = await openBulk(district)
      expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
      expect(await disagreements(bridge, BULK)).toEqual([])
    }
  })

  it('publishes the contacts of the tiny district too', async () => {
    const bridge = await openBulk(createSmallBulkDistrict(), { contacts: true })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
  })

  it.each([1, 2, 3, 4, 5, 6])('publishes a messy district record by record (seed %i)', async (seed) => {
    const bridge = await openBulk(createDistrict({ students: 500, seed, today: '2026-11-18' }))
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, BULK)).toEqual([])
  })

  it.each([7, 8])('publishes its contacts, and both ends of every link (seed %i)', async (seed) => {
    const bridge = await openBulk(createDistrict({ students: 500, seed, today: '2026-11-18' }), { contacts: true })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
  })

  it.each(['2026-08-01', '2026-07-01', '2027-01-04', '2027-03-15', '2027-06-30'])(
    'knows what holds on %s',
    async (today) => {
      const district = createDistrict({ students: 200, seed: 9, today: '2026-11-18' })
      const bridge = await openBulk({ ...district, today }, { contacts: true })
      expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
      expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
    },
  )

  it('keeps to the schools that the setting names', async () => {
    const district = createDistrict({ students: 400, seed: 8, today: '2026-11-18' })
    const numbers = 'select school_number from schools where school_number not in (0, 999999) order by dcid'
    const [first] = district.db.prepare(numbers).all()
    const schools = [Number(first?.school_number)]
    const bridge = await openBulk(district, { contacts: true, settings: { SCHOOLS: schools.join(',') } })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, { ...BULK_WITH_CONTACTS, schools })).toEqual([])
  })

  it.each([100, 200])('keeps to school %i of the tiny district, whose teachers have places at both', async (school) => {
    const bridge = await openBulk(createSmallBulkDistrict(), { contacts: true, settings: { SCHOOLS: String(school) } })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, { ...BULK_WITH_CONTACTS, schools: [school] })).toEqual([])
  })

  it('turns to the school year that a setting names', async () => {
    const district = createDistrict({ students: 200, seed: 10, today: '2026-11-18' })
    const bridge = await openBulk(district, { contacts: true, settings: { SCHOOL_YEAR: '2026' } })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, { ...BULK_WITH_CONTACTS, startYear: 2025 })).toEqual([])
  })

  // Each of a table that the tiny district has by hand; what is first counts, whether it is good or not.
  it.each([
    [
      'the student’s primary address is blank',
      `update emailaddress set emailaddress = ' ' where emailaddressid = 100912`,
    ],
    [
      'the student’s primary address is null',
      'update emailaddress set emailaddress = null where emailaddressid = 100912',
    ],
    ['the student’s primary address is not there', 'delete from emailaddress where emailaddressid = 100912'],
    [
      'the contact’s first address is bad',
      `update emailaddress set emailaddress = 'bad' where emailaddress like 'sue@%'`,
    ],
    [
      'the contact’s first address is null',
      `update emailaddress set emailaddress = null where emailaddress like 'sue@%'`,
    ],
    ['the preferred number is null', `update phonenumber set phonenumber = null where phonenumber like '%0112'`],
    ['no number has an order', 'update personphonenumberassoc set ispreferred = null, phonenumberpriorityorder = null'],
    ['a role is not defined', 'update sectionteacher set roleid = 999 where id % 3 = 0'],
    ['dates are placeholders', `update sectionteacher set start_date = '1900-01-01', end_date = null`],
    ['ends are placeholders', `update sectionteacher set end_date = '1900-01-01' where id % 3 = 1`],
  ])('agrees where %s', async (_, sql) => {
    const district = createSmallBulkDistrict()
    expect(Number(district.db.prepare(sql).run().changes)).toBeGreaterThan(0)
    const bridge = await openBulk(district, { contacts: true })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
  })

  it('takes a district without a row of contacts, assignments and grading periods', async () => {
    const district = createSmallDistrict()
    for (const table of ['sectionteacher', 'termbins', 'studentcontactassoc', 'studentrace', 'personemailaddressassoc'])
      district.db.exec(`delete from ${table}`)
    const bridge = await openBulk(district, { contacts: true })
    expect(await bridge.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bridge, BULK_WITH_CONTACTS)).toEqual([])
  })
})

describe('a district that changes its template', () => {
  type Shown = ReadonlyMap<string, Readonly<Record<string, unknown>>>

  /** Every active record of a bridge by collection and sourcedId, as it is served. */
  async function served(bridge: TestBridge): Promise<Shown> {
    const shown = new Map<string, Readonly<Record<string, unknown>>>()
    for (const collection of COLLECTIONS) {
      const answer = await bridge.get(`/${collection}?limit=10000&filter=status='active'`)
      const body = (await answer.json()) as Record<string, { sourcedId: string }[]>
      for (const record of body[collection] ?? []) shown.set(`${collection}/${record.sourcedId}`, record)
    }
    return shown
  }

  /** The fields that (pq) marks, and those that follow from them: schools of classes that are co-taught, children that are bins. */
  const FIELDS: Readonly<Record<string, RegExp>> = {
    academicSessions: /^(children)$/,
    courses: /^(subjects)$/,
    classes: /^(location)$/,
    users: /^(orgs|agents)$/,
    enrollments: /^(beginDate|endDate|primary)$/,
  }
  /** The records that only one of them has: grading periods, contacts, staff and their enrollments. */
  const RECORDS = /^(academicSessions\/bin\d+|users\/(con|stf)\d+|enrollments\/sec\d+t\d+)$/

  /** What changed between two looks, each with the fields by which it did. */
  function compare(before: Shown, after: Shown) {
    const changed = new Map<string, string[]>()
    const touched: string[] = []
    for (const [place, record] of after) {
      const old = before.get(place)
      if (old === undefined) continue
      const names = new Set([...Object.keys(old), ...Object.keys(record)])
      const fields = [...names].filter((name) => JSON.stringify(old[name]) !== JSON.stringify(record[name]))
      const others = fields.filter((name) => name !== 'dateLastModified')
      if (others.length > 0) changed.set(place, others)
      else if (fields.length > 0) touched.push(place)
      if (others.length > 0 && String(record.dateLastModified) <= String(old.dateLastModified)) touched.push(place)
    }
    const onlyOne = [...before.keys(), ...after.keys()].filter((place) => !(before.has(place) && after.has(place)))
    return { changed, touched, onlyOne }
  }

  it.each([
    ['2026-11-18', false],
    ['2026-11-18', true],
    ['2027-03-15', true],
  ])('moves no record that is the same, and back (on %s, contacts %s)', async (today, contacts) => {
    const made = createDistrict({ students: 300, seed: 11, today: '2026-11-18' })
    const district = { ...made, today }
    const template = (name: string) => ({ POWERSCHOOL_TEMPLATE: name, TOKEN_LIFETIME: 'P30D' })
    const mapping = contacts ? { mapping: withContacts() } : {}
    const rest = await openTestBridge({ district, hasPlugin: true, settings: template('rest'), ...mapping })
    expect(await rest.syncNow()).toMatchObject({ status: 'success' })
    const first = await served(rest)
    expect(await disagreements(rest, { template: 'rest' })).toEqual([])

    const next = { district, hasPlugin: true, sql: rest.sql, ...mapping }
    const bulk = await openTestBridge({ ...next, settings: template('powerquery') })
    bulk.clock.now += 3_600_000
    expect(await bulk.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(bulk, { template: 'powerquery', contacts })).toEqual([])
    const second = await served(bulk)
    const there = compare(first, second)
    expect(there.touched).toEqual([])
    expect(there.onlyOne.filter((place) => !RECORDS.test(place))).toEqual([])
    const unasked = [...there.changed].filter(([place, fields]) => {
      const allowed = FIELDS[place.slice(0, place.indexOf('/'))]
      return !fields.every((field) => allowed?.test(field))
    })
    expect(unasked).toEqual([])
    // It did change something of each kind: the comparison is not one of nothing with nothing.
    const kinds = new Set([...there.changed.keys()].map((place) => place.slice(0, place.indexOf('/'))))
    expect([...kinds]).toEqual(expect.arrayContaining(['academicSessions', 'courses', 'classes']))

    const back = await openTestBridge({ ...next, settings: template('rest') })
    back.clock.now += 7_200_000
    expect(await back.syncNow()).toMatchObject({ status: 'success' })
    expect(await disagreements(back, { template: 'rest' })).toEqual([])
    const again = compare(second, await served(back))
    expect(again.touched).toEqual([])
    expect([...again.changed.keys()].toSorted()).toEqual([...there.changed.keys()].toSorted())
  })
})

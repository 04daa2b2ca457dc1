// The readiness report: its order, its keys, its origins, and how it is written.
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../fixtures/powerschool/random.ts'
import { recordOfBody } from '../../src/readiness/body.ts'
import { type KnownOrigin, withOrigins } from '../../src/readiness/origins.ts'
import { openReadiness } from '../../src/readiness/readiness.ts'
import type { ReadinessRecord, ReadinessReport } from '../../src/readiness/report.ts'
import { readinessCsv } from '../../src/readiness/report-csv.ts'
import { readinessMetrics } from '../../src/readiness/report-samples.ts'
import { readinessText } from '../../src/readiness/report-text.ts'
import { openRuleFinder } from '../../src/readiness/rule-finder.ts'
import { changed, check, copy, GOOD, to, told } from './roster.ts'

const students = (count: number, fields: Readonly<Record<string, unknown>>): ReadinessRecord[] =>
  Array.from({ length: count }, (_, nth) =>
    copy('stu7', {
      sourcedId: `stu${nth + 100}`,
      fields: { username: `s${nth}`, email: `s${nth}@example.org`, identifier: `s${nth}`, agents: [], ...fields },
    }),
  )

describe('the report', () => {
  it('tells errors first, then by count, each with what to do', () => {
    const records = [...changed('orgs', 'sch3', { fields: { name: '' } }), ...students(3, { phone: '555' })]
    const { findings, errors, warnings, isReady } = check(records)
    expect(findings.map(({ rule, severity, count }) => [rule, severity, count])).toEqual([
      ['field-missing', 'error', 1],
      ['phone-form', 'warning', 3],
      ['student-without-class', 'warning', 3],
    ])
    expect({ errors, warnings, isReady }).toEqual({ errors: 1, warnings: 6, isReady: false })
    for (const { what, remedy } of findings) {
      expect(what).toMatch(/\.$/)
      expect(remedy).toMatch(/\.$/)
    }
  })

  it('names the first 20 records of a finding, or as many as it is told to', () => {
    const records = [...GOOD, ...students(30, { phone: '555' })]
    const keysWith = (kept?: number) => check(records, kept).findings.find(({ rule }) => rule === 'phone-form')
    expect(keysWith()?.keys).toEqual(students(20, {}).map(({ sourcedId }) => sourcedId))
    expect(keysWith(Number.POSITIVE_INFINITY)?.keys).toHaveLength(30)
    expect(keysWith(2)).toMatchObject({ count: 30, keys: ['stu100', 'stu101'] })
  })

  it('counts a record once, however many texts of a list are wrong', () => {
    const { findings } = check(changed('users', 'stu7', { fields: { grades: ['x', 'y', 'z'] } }))
    expect(findings).toMatchObject([{ rule: 'grade-unknown', count: 1, keys: ['stu7'] }])
  })

  it('can be asked for at any time, and again', () => {
    const readiness = openReadiness()
    for (const record of GOOD.slice(0, 5)) readiness.see(record)
    expect(told(readiness.report())).toContain('error collection-empty users')
    for (const record of GOOD.slice(5)) readiness.see(record)
    expect(told(readiness.report())).toEqual([])
    expect(readiness.report()).toEqual(readiness.report())
  })

  it('holds no value of a record but ids', () => {
    const secret = 'Zyzzyx'
    const records = changed('users', 'stu7', {
      fields: { username: `${secret} @`, email: secret, phone: secret, givenName: `${secret}\n`, grades: [secret] },
      metadata: { 'microsoft.userFlags': secret },
    })
    const report = check([...records, ...students(2, { username: secret, email: secret })])
    expect(report.findings.length).toBeGreaterThan(5)
    for (const text of [JSON.stringify(report), readinessText(report), readinessCsv(report)]) {
      expect(text.toLowerCase()).not.toContain(secret.toLowerCase())
    }
  })

  it('is the same whatever the order of the records', () => {
    const random = createRandom(6)
    const faulty = [
      ...changed('classes', 'sec8', { fields: { school: to('sch9'), terms: [to('trm2'), to('trm9')] } }),
      ...students(40, { orgs: [to('sch4')], agents: [to('con51'), to('con99')], username: 'same' }),
      copy('cc1', { sourcedId: 'cc2', fields: { user: to('stu150'), class: to('sec9') } }),
    ]
    const sorted = (report: ReadinessReport) => ({
      ...report,
      findings: report.findings.map((finding) => ({ ...finding, keys: finding.keys.toSorted() })),
    })
    const expected = sorted(check(faulty, Number.POSITIVE_INFINITY))
    expect(expected.findings.length).toBeGreaterThan(6)
    for (let round = 0; round < 200; round += 1) {
      const shuffled = faulty
        .map((record) => ({ record, place: random.next() }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ record }) => record)
      expect(sorted(check(shuffled, Number.POSITIVE_INFINITY))).toEqual(expected)
    }
  })

  it('finds in many records at random what a plain search finds', () => {
    const random = createRandom(7)
    const anyId = () => `id${random.int(0, 5_000)}${random.chance(0.1) ? 'é' : ''}`
    const users = new Map(Array.from({ length: 4_000 }, () => [anyId(), anyId()]))
    const records: ReadinessRecord[] = [...users].map(([sourcedId, username]) => ({
      collection: 'users',
      sourcedId,
      fields: { role: 'teacher', username, orgs: [to(anyId())] },
    }))
    const enrollments = Array.from({ length: 10_000 }, (_, nth) => ({
      collection: 'enrollments',
      sourcedId: `e${nth}`,
      fields: { role: 'teacher', user: to(anyId()), class: to('c') },
    }))
    const keysOf = (report: ReadinessReport, rule: string, field: string) =>
      report.findings
        .filter((finding) => finding.rule === rule && finding.field === field)
        .flatMap(({ keys }) => keys)
        .toSorted()
    const missing = enrollments.filter(({ fields: { user } }) => !users.has(user.sourcedId))
    const counts = Map.groupBy(users, ([, username]) => username)
    const repeated = [...users].filter(([, username]) => (counts.get(username)?.length ?? 0) > 1)
    for (const order of [
      [...records, ...enrollments],
      [...enrollments, ...records],
    ]) {
      const report = check(order, Number.POSITIVE_INFINITY)
      expect(keysOf(report, 'reference-missing', 'user')).toEqual(missing.map(({ sourcedId }) => sourcedId).toSorted())
      expect(keysOf(report, 'username-repeated', 'username')).toEqual(repeated.map(([id]) => id).toSorted())
      expect(keysOf(report, 'reference-dropped', 'orgs')).toHaveLength(users.size)
    }
  })
})

describe('published bodies', () => {
  it('are read like records of the mapping', () => {
    const body = {
      sourcedId: 'stu7',
      status: 'active',
      dateLastModified: '2026-10-01T00:00:00.000Z',
      metadata: { 'microsoft.userFlags': 'rich' },
      username: 'ada li',
      role: 'student',
      orgs: [{ href: 'https://bridge.example.org/orgs/sch9', sourcedId: 'sch9', type: 'org' }],
    }
    const rules = check([recordOfBody('users', body)]).findings.map(({ rule }) => rule)
    expect(rules).toEqual(expect.arrayContaining(['flag-unknown', 'username-form', 'reference-dropped']))
  })
})

describe('the rule that made a published record', () => {
  const known = (target: string, text: string): [string, KnownOrigin] => {
    const [collection = '', , field = ''] = target.split('.')
    return [target, { collection, field, text, place: { file: 'a.yaml', line: 1 }, columns: [] }]
  }
  const ruleOf = openRuleFinder(
    new Map([
      known('users.student.id', '="stu" & id'),
      known('users.student.role', 'student'),
      known('users.teacher.id', '="stf" & users_dcid'),
      known('users.teacher.role', 'teacher'),
      known('users.other_staff.id', '="stf" & users_dcid'),
      known('users.other_staff.role', '=if(principal, "principal", "administrator")'),
      known('orgs.school.id', '=text(id)'),
      known('orgs.district.id', '="dist" & district_number'),
    ]),
  )
  it.each([
    ['users', 'stu7', 'student', 'users.student'],
    ['users', 'stf7', 'administrator', 'users.other_staff'],
    ['users', 'stf7', 'teacher', undefined],
    ['users', 'con7', 'parent', undefined],
    ['orgs', '3', undefined, 'orgs.school'],
    ['orgs', 'dist3', undefined, undefined],
    ['classes', 'sec1', undefined, undefined],
  ])('%s %s %s → %s', (collection, sourcedId, role, rule) => {
    expect(ruleOf({ collection, sourcedId, role })).toBe(rule)
  })
})

const origin = (target: string, line: number, columns: readonly string[]): [string, KnownOrigin] => {
  const [collection = '', , field = ''] = target.split('.')
  return [target, { collection, field, place: { file: 'layers/people.yaml', line }, text: `=${field}`, columns }]
}
const ORIGINS = new Map([
  origin('users.student.id', 20, ['students.id']),
  origin('users.student.email', 41, ['students.contact_info.email', 'student_emails.address']),
  origin('users.teacher.email', 90, ['staff.emails.work_email']),
  origin('users.teacher.phone', 91, []),
])

describe('origins', () => {
  const originsOf = (records: readonly ReadinessRecord[]) =>
    withOrigins(check(records), ORIGINS).findings.map(({ origins }) => origins?.map(({ place }) => place))

  it('are those of the rule that made the records', () => {
    expect(originsOf(changed('users', 'stu7', { fields: { email: 'x' } }))).toEqual([['layers/people.yaml:41']])
  })

  it('are those of every rule that fills the field when the rule is not known', () => {
    const unknown = changed('users', 'stu7', { fields: { email: 'x' } }).map(({ rule: _, ...record }) => record)
    expect(originsOf(unknown)).toEqual([['layers/people.yaml:41', 'layers/people.yaml:90']])
  })

  it('of an id are those of the formula that makes it; of a field that nobody fills there are none', () => {
    const twin = copy('stu7', { sourcedId: 'stu7', fields: { username: 't', email: 't@example.org', identifier: 't' } })
    expect(withOrigins(check([...GOOD, twin]), ORIGINS).findings[0]).toMatchObject({
      rule: 'id-repeated',
      origins: [{ target: 'users.student.id', columns: ['students.id'] }],
    })
    expect(originsOf(changed('users', 'stu7', { fields: { phone: 'x' } }))).toEqual([undefined])
  })
})

/** RFC 4180, by its grammar: every record ends in CR LF. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end !== '\r\n') continue
    rows.push(row)
    row = []
  }
  return rows
}

describe('the report as CSV', () => {
  it('has a row for each record of each finding', () => {
    const records = [...changed('users', 'stu7', { fields: { email: 'x' } }), ...students(2, { phone: '5' })]
    const report = withOrigins(check(records.filter(({ collection }) => collection !== 'academicSessions')), ORIGINS)
    const [headings, ...rows] = parseCsv(readinessCsv(report))
    expect(headings).toEqual([
      ...['rule', 'severity', 'collection', 'field', 'mappingRule', 'sourcedId', 'what', 'remedy'],
      ...['mappingLines', 'columns'],
    ])
    expect(rows.every((row) => row.length === 10)).toBe(true)
    expect(rows.length).toBe(report.findings.reduce((sum, { count }) => sum + count, 0))
    const email = rows.find(([rule]) => rule === 'email-form')
    const finding = report.findings.find(({ rule }) => rule === 'email-form')
    expect(email).toEqual([
      ...['email-form', 'warning', 'users', 'email', 'users.student', 'stu7', finding?.what, finding?.remedy],
      ...['layers/people.yaml:41', 'students.contact_info.email student_emails.address'],
    ])
    expect(rows.find(([rule]) => rule === 'collection-empty')?.slice(2, 6)).toEqual(['academicSessions', '', '', ''])
  })

  it('gives a spreadsheet no formula, and keeps quotes, commas and line breaks', () => {
    const ids = ['=cmd()', '+1', '-1', '@x', '\tx', 'a,"b"', 'a\r\nb']
    const report = check([...GOOD, ...ids.map((sourcedId) => copy('stf40', { sourcedId, fields: { phone: '5' } }))])
    const rows = parseCsv(readinessCsv(report)).filter(([rule]) => rule === 'phone-form')
    expect(rows.map(([, , , , , sourcedId]) => sourcedId)).toEqual([
      ...["'=cmd()", "'+1", "'-1", "'@x", "'\tx"],
      ...['a,"b"', 'a\r\nb'],
    ])
  })
})

describe('the report as text', () => {
  it('says that all is well', () => {
    expect(readinessText(check(GOOD))).toBe(
      'Ready for School Data Sync: no errors.\n0 errors and 0 warnings in 12 records.',
    )
  })

  it('tells each finding with its remedy, its line of the mapping and its records', () => {
    const records = [...GOOD, ...students(21, { email: 'x', phone: '' })].map((record) =>
      record.sourcedId === 'sch3' ? { ...record, fields: { ...record.fields, name: '' } } : record,
    )
    const text = readinessText(withOrigins(check(records), ORIGINS))
    expect(text).toMatch(/^Not ready for School Data Sync: .+\n1 error and \d+ warnings in 33 records\.\n\nerror: /)
    expect(text).toContain('\nwarning: email-form at users.student.email, 21 records\n    An e-mail address is not')
    const line = 'layers/people.yaml:41: users.student.email: =email'
    const reads = 'reads students.contact_info.email, student_emails.address'
    expect(text).toMatch(new RegExp(`\\n {4}stu100, .*, stu119, …\\n {4}${line}, ${reads}\\n`))
    expect(text).not.toContain('stu120')
  })
})

describe('the report as metrics', () => {
  it('sums the findings of a rule', () => {
    const records = [...changed('users', 'con51', { fields: { sms: '5' } }), ...students(2, { phone: '5' })]
    expect(readinessMetrics(check(records))).toEqual([
      { labels: { rule: 'phone-form', severity: 'warning' }, value: 3 },
      { labels: { rule: 'student-without-class', severity: 'warning' }, value: 2 },
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/errors.ts'
import { chooseTemplate, probeTemplates, type Template, type TemplateSource } from '../../src/powerschool/template.ts'
import { countBody, fakeClient, fakeServer, type Handler, json, metadataBody } from './fake.ts'

const PREFIX = 'org.example.sis.roster'
const QUERIES = '/ws/schema/query/'
const COUNT = '/ws/v1/district/school/count'

const call = (name: string, values = {}) => ({ name: `${PREFIX}.${name}`, arguments: values })
const SOURCES: readonly TemplateSource[] = [
  { source: 'district', rest: '/ws/v1/district', queries: [] },
  {
    source: 'students',
    rest: '/ws/v1/district/student',
    queries: [call('students'), call('students_keys'), call('students_changes', { since: '2000-01-01' })],
  },
  { source: 'section_teachers', queries: [call('section_teachers', { start_year: 2025 })] },
]
const WITHOUT_REST_ONLY = SOURCES.slice(1)

type Answer = () => Response | Promise<Response>

const allowed = () => json({ '@extensions': '' })
const notInstalled = () => json({ message: 'Query not found' }, { status: 404 })
const notGranted =
  (...columns: string[]) =>
  () =>
    json(
      { message: 'x', errors: columns.map((field) => ({ resource: 'q', field, code: 'No access' })) },
      { status: 403 },
    )
const denied = () =>
  json({ errorMessage: { message: 'Plugin is missing required accessLevelV1Api READ permission' } }, { status: 401 })

/** Answers by the last part of a query's name, or by path; all is allowed but what is told. */
function server(answers: Readonly<Record<string, Answer>> = {}, otherwise: Answer = allowed) {
  const handler: Handler = ({ path }) => {
    const query = path.startsWith(QUERIES) ? path.slice(path.lastIndexOf('.') + 1) : undefined
    if (query !== undefined) return (answers[query] ?? otherwise)()
    if (path === COUNT) return (answers.v1 ?? (() => countBody(3)))()
    if (path === '/ws/v1/metadata') return (answers.metadata ?? (() => metadataBody(100)))()
    return undefined
  }
  return fakeServer(handler)
}

const probe = (fake = server(), sources = SOURCES) => probeTemplates(fakeClient(fake).client, sources)

async function choose(
  fake: ReturnType<typeof server>,
  setting: Template | 'auto' = 'auto',
  before?: Template,
  sources = SOURCES,
) {
  return chooseTemplate(await probe(fake, sources), setting, before)
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it should have been refused'),
    (error: unknown) => error,
  )

describe('the probe', () => {
  it('asks for one row of each query and one count, and tells what each reader may', async () => {
    const fake = server()
    const { findings } = await probe(fake)
    expect(fake.log.toSorted()).toEqual(
      [
        ...SOURCES.flatMap(({ queries }) => queries.map(({ name }) => `${QUERIES}${name}?pagesize=1`)),
        COUNT,
      ].toSorted(),
    )
    expect(
      findings.map(({ source, path, query, templates, state }) => [source, path ?? query, templates, state]),
    ).toEqual([
      ['district', '/ws/v1/district', ['rest', 'powerquery'], 'allowed'],
      ['students', '/ws/v1/district/student', ['rest'], 'allowed'],
      ['students', `${PREFIX}.students`, ['powerquery'], 'allowed'],
      ['students', `${PREFIX}.students_keys`, ['powerquery'], 'allowed'],
      ['students', `${PREFIX}.students_changes`, ['powerquery'], 'allowed'],
      ['section_teachers', `${PREFIX}.section_teachers`, ['powerquery'], 'allowed'],
    ])
  })

  it('tells what is missing of each', async () => {
    const { findings } = await probe(
      server({
        v1: denied,
        students: notGranted('students.dob', 'students.ssn'),
        students_keys: notInstalled,
        students_changes: () => json({ message: 'Invalid argument since' }, { status: 400 }),
      }),
    )
    expect(findings.map(({ state, missing }) => [state, missing])).toEqual([
      ['v1-denied', undefined],
      ['v1-denied', undefined],
      ['not-granted', ['STUDENTS.DOB', 'STUDENTS.SSN']],
      ['not-installed', undefined],
      ['failed', undefined],
      ['allowed', undefined],
    ])
    for (const { state, detail, remedy } of findings) {
      expect(detail).toMatch(/\w/)
      expect(remedy === undefined).toBe(state === 'allowed')
    }
  })

  it('asks nothing of /ws/v1 where no source is read there', async () => {
    const fake = server()
    await probe(fake, [{ source: 'rooms', queries: [call('rooms')] }])
    expect(fake.log).toEqual([`${QUERIES}${PREFIX}.rooms?pagesize=1`])
  })

  it('asks side by side, within the concurrency', async () => {
    const fake = server()
    const sources = [{ source: 'many', queries: Array.from({ length: 30 }, (_, index) => call(`q${index}`)) }]
    await probeTemplates(fakeClient(fake, { concurrency: 3 }).client, sources)
    expect(fake.peak).toBe(3)
  })

  it.each([
    ['503', { students: () => new Response('', { status: 503 }) }, 'powerschool-unavailable'],
    ['a web page', { students: () => new Response('<html>') }, 'powerschool-unavailable'],
    ['no JSON', { students: () => new Response('{') }, 'powerschool-broken-answer'],
    ['no connection', { students: () => Promise.reject(new TypeError('fetch failed')) }, 'powerschool-unreachable'],
    ['a token that is refused', { students: () => new Response('', { status: 401 }) }, 'powerschool-credentials'],
    ['503 for /ws/v1', { v1: () => new Response('', { status: 503 }) }, 'powerschool-unavailable'],
    [
      '404 for everything: a server that is being restarted',
      { students: notInstalled, metadata: () => new Response('', { status: 503 }) },
      'powerschool-unavailable',
    ],
  ])('takes %s for no lack of rights', async (_, answers, code) => {
    expect(await failureOf(probe(server(answers)))).toMatchObject({ code })
  })

  it('goes on behind nobody’s back when it fails', async () => {
    const fake = server({}, () => new Response('', { status: 401 }))
    await failureOf(probe(fake))
    const { length } = fake.log
    for (let turn = 0; turn < 200; turn += 1) await Promise.resolve()
    expect(fake.log).toHaveLength(length)
  })
})

describe('auto', () => {
  it('takes powerquery where every query is allowed', async () => {
    expect(await choose(server())).toMatchObject({ template: 'powerquery', missing: [] })
  })

  it('needs no /ws/v1 where every source has a query', async () => {
    const choice = await choose(server({ v1: denied }), 'auto', undefined, WITHOUT_REST_ONLY)
    expect(choice).toMatchObject({ template: 'powerquery' })
  })

  it.each(['rest', undefined] as const)(
    'takes rest where no query is installed, and misses nothing (%s)',
    async (before) => {
      expect(await choose(server({}, notInstalled), 'auto', before)).toMatchObject({
        template: 'rest',
        missing: [],
        reason: expect.stringMatching(/no queries/),
      })
    },
  )

  it('takes rest for a mapping without queries, whatever came before', async () => {
    const choice = await choose(server(), 'auto', 'powerquery', SOURCES.slice(0, 1))
    expect(choice).toMatchObject({ template: 'rest', missing: [] })
  })

  it('takes rest where something is missing for powerquery, and names all of it', async () => {
    const choice = await choose(
      server({
        students: notGranted('students.dob', 'schools.dcid'),
        students_keys: notGranted('schools.dcid'),
        section_teachers: notInstalled,
      }),
    )
    expect(choice).toMatchObject({
      template: 'rest',
      reason: 'The plugin may not read SCHOOLS.DCID, STUDENTS.DOB; the plugin lacks the queries of section_teachers.',
    })
    expect(choice.missing.map(({ query }) => query)).toEqual([
      `${PREFIX}.students`,
      `${PREFIX}.students_keys`,
      `${PREFIX}.section_teachers`,
    ])
  })

  it('does not go back from powerquery to rest', async () => {
    const fake = server({ students: notGranted('students.dob') })
    const failure = await failureOf(choose(fake, 'auto', 'powerquery'))
    expect(failure).toBeInstanceOf(BridgeError)
    expect(failure).toMatchObject({
      code: 'powerschool-rights',
      message: expect.stringMatching(/read by powerquery, and now the plugin may not read STUDENTS.DOB/),
      remedy: expect.stringMatching(/upload.*POWERSCHOOL_TEMPLATE=rest to go on without/),
    })
    expect(await failureOf(choose(server({}, notInstalled), 'auto', 'powerquery'))).toMatchObject({
      message: expect.stringContaining('lacks the queries of students, section_teachers'),
    })
  })

  it('goes on with powerquery that is still allowed', async () => {
    expect(await choose(server(), 'auto', 'powerquery')).toMatchObject({ template: 'powerquery' })
  })

  it('refuses where neither is possible, and names what is missing for each', async () => {
    const failure = await failureOf(choose(server({ v1: denied, students: notGranted('students.dob') })))
    expect(failure).toMatchObject({
      code: 'powerschool-rights',
      message: expect.stringMatching(
        /by powerquery \(the plugin may not read STUDENTS.DOB; the plugin may not read \/ws\/v1 \(district\)\) nor by rest \(the plugin may not read \/ws\/v1 \(district, students\)\)/,
      ),
      remedy: expect.stringMatching(/(?=.*plugin --out)(?=.*v1 API access to READ)/),
    })
  })
})

describe('a set template', () => {
  it.each([
    ['rest', undefined],
    ['rest', 'powerquery'],
    ['powerquery', 'rest'],
  ] as const)('%s is taken where it is possible, after %s', async (setting, before) => {
    expect(await choose(server(), setting, before)).toMatchObject({ template: setting, missing: [] })
  })

  it('rest needs no query', async () => {
    expect(await choose(server({}, notInstalled), 'rest')).toMatchObject({ template: 'rest' })
  })

  it('rest needs /ws/v1', async () => {
    expect(await failureOf(choose(server({ v1: denied }), 'rest', undefined, WITHOUT_REST_ONLY))).toMatchObject({
      code: 'powerschool-rights',
      message: expect.stringMatching(/POWERSCHOOL_TEMPLATE=rest, but the plugin may not read \/ws\/v1 \(students\)/),
      remedy: expect.stringMatching(/v1 API access to READ/),
    })
  })

  it('powerquery needs every query, and /ws/v1 for a source that has none', async () => {
    const failed = () => json({ message: 'Invalid argument since' }, { status: 400 })
    expect(await failureOf(choose(server({ students_changes: failed }), 'powerquery'))).toMatchObject({
      code: 'powerschool-rights',
      message: expect.stringMatching(/but PowerSchool refused .*students_changes with 400: Invalid argument since\.$/),
      remedy: expect.stringMatching(/arguments.*POWERSCHOOL_TEMPLATE=auto/),
    })
    expect(await failureOf(choose(server({ v1: denied }), 'powerquery'))).toMatchObject({
      message: expect.stringMatching(/may not read \/ws\/v1 \(district\)/),
    })
  })

  it.each([
    ['powerquery', undefined, { v1: denied }],
    ['powerquery', 'powerquery', { students: notInstalled }],
    ['auto', 'powerquery', { v1: denied }],
  ] as const)('%s, after %s, is offered no way out that is closed', async (setting, before, answers) => {
    expect(await failureOf(choose(server(answers), setting, before))).toMatchObject({
      code: 'powerschool-rights',
      remedy: expect.not.stringContaining('POWERSCHOOL_TEMPLATE'),
    })
  })
})
